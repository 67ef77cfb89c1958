// SPDX-License-Identifier: Apache-2.0
#include "spec/log_destination.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/number.h"
#include "base/pattern.h"
#include "base/text.h"

namespace stack::spec {
namespace {

using Kind = LogDestination::Kind;

constexpr std::uint16_t syslog_port = 514;

std::string option_of(const Logging& logging, const char* name) {
  const auto found = logging.options.find(name);
  return found == logging.options.end() ? "" : found->second;
}

/// "host", "host:port", "[fd00::1]:port"
bool read_host(std::string_view text, LogDestination& destination) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  destination.place = std::string(host);
  destination.port = syslog_port;
  if (port.empty()) return !host.empty();
  const auto number = parse_integer<std::uint16_t>(port.substr(1));
  if (!port.starts_with(':') || !number || *number == 0) return false;
  destination.port = *number;
  return !host.empty();
}

bool read_address(std::string_view text, LogDestination& destination) {
  if (text.empty()) return true;
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, mark);
  const std::string_view rest = text.substr(mark + 3);
  if (scheme == "unix" || scheme == "unixgram") {
    destination.kind = Kind::syslog_unix;
    destination.place = std::string(rest);
    return rest.starts_with('/');
  }
  if (scheme != "udp" && scheme != "tcp") return false;
  destination.kind = scheme == "udp" ? Kind::syslog_udp : Kind::syslog_tcp;
  return read_host(rest, destination);
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  for (const std::string& part : split(list, ','))
    if (const auto name = trim(part); !name.empty()) names.emplace_back(name);
  return names;
}

}  // namespace

bool is_syslog_address(const std::string& text) {
  LogDestination destination;
  return read_address(text, destination);
}

bool is_syslog_format(const std::string& text) {
  return text.empty() || text == "rfc3164" || text == "rfc5424" || text == "rfc5424micro";
}

bool is_pattern(const std::string& text) {
  try {
    const Pattern pattern(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::optional<int> syslog_facility(const std::string& text) {
  constexpr std::array<std::string_view, 24> names{
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
      "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
  if (text.empty()) return LogDestination{}.facility;
  const auto* const found = std::ranges::find(names, std::string_view(text));
  if (found != names.end()) return static_cast<int>(found - names.begin());
  const auto number = parse_integer<int>(text);
  if (!number || *number < 0 || *number >= static_cast<int>(names.size())) return std::nullopt;
  return number;
}

std::optional<LogDestination> destination_of(const Logging& logging) {
  LogDestination destination;
  destination.tag = option_of(logging, "tag");
  if (logging.driver == "journald") {
    destination.kind = Kind::journald;
    return destination;
  }
  if (logging.driver != "syslog") return std::nullopt;
  read_address(option_of(logging, "syslog-address"), destination);
  destination.facility =
      syslog_facility(option_of(logging, "syslog-facility")).value_or(destination.facility);
  destination.format = option_of(logging, "syslog-format");
  return destination;
}

std::optional<std::string> log_tag(std::string_view text, const TagWord& word) {
  if (text.empty()) text = "{{.ID}}";
  std::string tag;
  for (;;) {
    const std::size_t begin = text.find("{{");
    tag += text.substr(0, begin);
    if (begin == std::string_view::npos) return tag;
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = trim(text.substr(begin + 2, end - begin - 2));
    if (!name.starts_with('.')) return std::nullopt;
    const auto value = word(name.substr(1));
    if (!value) return std::nullopt;
    tag += *value;
    text.remove_prefix(end + 2);
  }
}

namespace {

bool is_chosen(const std::string& key, const std::vector<std::string>& names,
               const std::string& pattern) {
  if (std::ranges::find(names, key) != names.end()) return true;
  return !pattern.empty() && Pattern(pattern).matches(key);
}

}  // namespace

bool LogAttributes::has_label(const std::string& key) const {
  return is_chosen(key, labels, labels_pattern);
}

bool LogAttributes::has_variable(const std::string& key) const {
  return is_chosen(key, variables, variables_pattern);
}

LogAttributes attributes_of(const Logging& logging) {
  return {names_in(option_of(logging, "labels")), names_in(option_of(logging, "env")),
          option_of(logging, "labels-regex"), option_of(logging, "env-regex")};
}

}  // namespace stack::spec
