// SPDX-License-Identifier: Apache-2.0
#include "image/changes.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

namespace stack::image {
namespace {

using Strings = std::vector<std::string>;
using Pair = std::pair<std::string, std::string>;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string variable(const ImageConfig& config, const std::string& name) {
  for (const std::string& entry : config.environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return "";
}

/// Reads the words of an instruction as a Dockerfile does: blanks separate, quotes group, a
/// backslash takes the next character as it is, $NAME is replaced except in single quotes.
class Words {
 public:
  Words(std::string_view text, const ImageConfig& config) : text_(text), config_(config) {}

  Strings read() {
    Strings words;
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) words.push_back(read_word());
    return words;
  }
  /// All of it as one word: blanks are kept.
  std::string read_line() {
    blanks_end_words_ = false;
    return read_word();
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  std::string read_word() {
    std::string word;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote == '\0' && blanks_end_words_ && is_space(c)) break;
      if (quote == '\0' && (c == '"' || c == '\'')) {
        quote = c;
      } else if (quote != '\0' && c == quote) {
        quote = '\0';
      } else if (c == '\\' && quote != '\'' && at_ + 1 < text_.size()) {
        word += text_[++at_];
      } else if (c == '$' && quote != '\'') {
        word += read_variable();
      } else {
        word += c;
      }
    }
    if (quote != '\0') fail("unfinished {} quote", quote == '"' ? "double" : "single");
    return word;
  }

  /// Leaves at_ on the last character of the reference.
  std::string read_variable() {
    const bool braced = at_ + 1 < text_.size() && text_[at_ + 1] == '{';
    const std::size_t begin = at_ + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text_.size() && is_name_char(text_[end])) ++end;
    if (braced && (end == text_.size() || text_[end] != '}'))
      fail("only $NAME and ${{NAME}} are understood");
    if (end == begin) return "$";
    at_ = braced ? end : end - 1;
    return variable(config_, std::string(text_.substr(begin, end - begin)));
  }

  std::string_view text_;
  const ImageConfig& config_;
  std::size_t at_ = 0;
  bool blanks_end_words_ = true;
};

/// The exec form, ["a", "b"]. Docker takes what looks like it but is not for a shell command.
std::optional<Strings> exec_form(std::string_view text) {
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return std::nullopt;
  if (!std::all_of(list.begin(), list.end(), [](const auto& item) { return item.is_string(); }))
    return std::nullopt;
  return list.get<Strings>();
}

Strings command(std::string_view text) {
  if (auto exec = exec_form(text)) return *exec;
  return {"/bin/sh", "-c", std::string(text)};
}

void set_variable(Strings& environment, const Pair& pair) {
  const std::string prefix = pair.first + "=";
  const auto old = std::find_if(environment.begin(), environment.end(),
                                [&](const auto& entry) { return entry.starts_with(prefix); });
  if (old != environment.end()) {
    *old = prefix + pair.second;
  } else {
    environment.push_back(prefix + pair.second);
  }
}

void add_once(Strings& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

/// KEY=VALUE..., or the old form KEY VALUE WITH BLANKS.
std::vector<Pair> pairs(std::string_view text, const ImageConfig& config) {
  std::vector<Pair> result;
  const std::size_t name_end = text.find_first_of("= \t");
  if (name_end == std::string_view::npos) fail("KEY=VALUE is expected");
  if (text[name_end] != '=') {
    const std::string_view value = trim(text.substr(name_end));
    return {{std::string(text.substr(0, name_end)), Words(value, config).read_line()}};
  }
  for (const std::string& word : Words(text, config).read()) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      fail("KEY=VALUE is expected, not \"{}\"", printable(word));
    result.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return result;
}

std::uint16_t port_number(const std::string& text) {
  const auto port = parse_integer<std::uint16_t>(text);
  if (!port) fail("invalid port \"{}\"", printable(text));
  return *port;
}

/// "80", "80/udp", "8000-8002".
void expose(ImageConfig& config, const std::string& word) {
  const auto parts = split(word, '/');
  const std::string protocol = parts.size() > 1 ? to_lower(parts[1]) : "tcp";
  if (parts.size() > 2 || (protocol != "tcp" && protocol != "udp" && protocol != "sctp"))
    fail("invalid port \"{}\"", printable(word));
  const auto range = split(parts[0], '-');
  const std::uint16_t first = port_number(range.front());
  const std::uint16_t last = port_number(range.back());
  if (range.size() > 2 || last < first) fail("invalid port range \"{}\"", printable(word));
  for (int port = first; port <= last; ++port)
    add_once(config.exposed_ports, fmt::format("{}/{}", port, protocol));
}

std::string one_word(std::string_view text, const ImageConfig& config) {
  const Strings words = Words(text, config).read();
  if (words.size() != 1) fail("exactly one value is expected");
  return words.front();
}

void set_entrypoint(ImageConfig& config, std::string_view text) {
  config.entrypoint = command(text);
}
void set_command(ImageConfig& config, std::string_view text) {
  config.command = command(text);
}
void set_environment(ImageConfig& config, std::string_view text) {
  for (const Pair& pair : pairs(text, config)) set_variable(config.environment, pair);
}
void set_exposed_ports(ImageConfig& config, std::string_view text) {
  for (const std::string& word : Words(text, config).read()) expose(config, word);
}
void set_labels(ImageConfig& config, std::string_view text) {
  for (const Pair& pair : pairs(text, config)) config.labels[pair.first] = pair.second;
}
void set_stop_signal(ImageConfig& config, std::string_view text) {
  config.stop_signal = one_word(text, config);
}
void set_user(ImageConfig& config, std::string_view text) {
  config.user = one_word(text, config);
}
void set_volumes(ImageConfig& config, std::string_view text) {
  const auto exec = exec_form(text);
  for (const std::string& path : exec ? *exec : Words(text, config).read()) {
    if (!path.starts_with('/'))
      fail("a volume needs an absolute path, not \"{}\"", printable(path));
    add_once(config.volumes, path);
  }
}
void set_working_dir(ImageConfig& config, std::string_view text) {
  const std::filesystem::path path = Words(text, config).read_line();
  const std::filesystem::path base = config.working_dir.empty() ? "/" : config.working_dir;
  config.working_dir = (base / path).lexically_normal().native();
  if (config.working_dir.size() > 1 && config.working_dir.ends_with('/'))
    config.working_dir.pop_back();
}

/// The first word, and what follows it.
std::pair<std::string_view, std::string_view> split_off_word(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  return {text.substr(0, end), trim(text.substr(end))};
}

/// "1m30s", "500ms": as a Dockerfile writes durations.
std::chrono::nanoseconds duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> units = {
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  if (text == "0") return {};  // the one number that needs no unit, as in Go
  const std::string_view whole = text;
  double total = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_number(text.substr(0, digits));
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    const auto known = std::ranges::find(units, unit, [](const auto& each) { return each.first; });
    if (!number || known == units.end()) fail("invalid duration \"{}\"", printable(whole));
    total += *number * known->second;
    text.remove_prefix(unit.size());
  }
  if (whole.empty() || total > 9e18) fail("invalid duration \"{}\"", printable(whole));
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

/// 0: what it would be otherwise. Less than a millisecond is a mistake (docker's limit).
std::chrono::nanoseconds health_time(std::string_view name, std::string_view text) {
  const auto time = duration(text);
  if (time.count() != 0 && time < std::chrono::milliseconds(1))
    fail("{} must be at least 1ms, not {}", name, printable(text));
  return time;
}

void set_health_option(ImageHealthcheck& check, std::string_view option) {
  const std::size_t equals = std::min(option.find('='), option.size());
  const std::string_view name = option.substr(0, equals);
  const std::string_view value = equals < option.size() ? option.substr(equals + 1) : "";
  if (name == "--interval") {
    check.interval = health_time(name, value);
  } else if (name == "--timeout") {
    check.timeout = health_time(name, value);
  } else if (name == "--start-period") {
    check.start_period = health_time(name, value);
  } else if (name == "--start-interval") {
    check.start_interval = health_time(name, value);
  } else if (name == "--retries") {
    const auto retries = parse_integer<std::uint64_t>(value);
    if (!retries) fail("invalid number \"{}\"", printable(value));
    check.retries = *retries;
  } else {
    fail("unknown option {}", printable(name));
  }
}

/// HEALTHCHECK [OPTION...] CMD COMMAND, or HEALTHCHECK NONE.
void set_healthcheck(ImageConfig& config, std::string_view text) {
  ImageHealthcheck check;
  while (text.starts_with("--")) {
    const auto [option, rest] = split_off_word(text);
    set_health_option(check, option);
    text = rest;
  }
  const auto [kind, command_text] = split_off_word(text);
  if (to_lower(kind) == "none" && command_text.empty()) {
    check.test = {"NONE"};
  } else if (to_lower(kind) == "cmd" && !command_text.empty()) {
    const auto exec = exec_form(command_text);
    check.test = exec ? *exec : Strings{std::string(command_text)};
    check.test.insert(check.test.begin(), exec ? "CMD" : "CMD-SHELL");
  } else {
    fail("CMD COMMAND or NONE is expected");
  }
  config.healthcheck = std::move(check);
}

void add_trigger(ImageConfig& config, std::string_view text) {
  const std::string name = to_lower(split_off_word(text).first);
  if (name == "onbuild") fail("chaining ONBUILD is not allowed");
  if (name == "from" || name == "maintainer")
    fail("{} isn't allowed as an ONBUILD trigger", name == "from" ? "FROM" : "MAINTAINER");
  config.on_build.emplace_back(text);
}

struct Instruction {
  std::string_view name;
  void (*apply)(ImageConfig&, std::string_view);
};
constexpr std::array<Instruction, 11> instructions = {{{"cmd", set_command},
                                                       {"entrypoint", set_entrypoint},
                                                       {"env", set_environment},
                                                       {"expose", set_exposed_ports},
                                                       {"healthcheck", set_healthcheck},
                                                       {"label", set_labels},
                                                       {"onbuild", add_trigger},
                                                       {"stopsignal", set_stop_signal},
                                                       {"user", set_user},
                                                       {"volume", set_volumes},
                                                       {"workdir", set_working_dir}}};

}  // namespace

void apply_change(ImageConfig& config, const std::string& instruction) {
  const std::string_view text = trim(instruction);
  const std::size_t name_end = std::min(text.find_first_of(" \t"), text.size());
  const std::string name = to_lower(text.substr(0, name_end));
  const std::string_view value = trim(text.substr(name_end));
  during("change \"" + printable(instruction) + "\"", [&] {
    const auto known = std::find_if(instructions.begin(), instructions.end(),
                                    [&](const Instruction& i) { return i.name == name; });
    if (known == instructions.end())
      fail(
          "one of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, "
          "VOLUME, WORKDIR is expected");
    if (value.empty()) fail("a value is expected");
    known->apply(config, value);
  });
}

}  // namespace stack::image
