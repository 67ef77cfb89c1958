// SPDX-License-Identifier: Apache-2.0
#include "spec/check_ready.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"
#include "spec/scalars.h"
#include "spec/shape.h"

namespace stack::spec {
namespace {

constexpr std::array<std::string_view, 7> kKinds = {"tcp",  "unix", "http",  "log",
                                                    "file", "exec", "notify"};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

class ReadyCheck {
 public:
  ReadyCheck(const Entry& service, const Node& ready, Reporter& reporter)
      : service_(service), ready_(ready), reporter_(reporter) {}

  void run() {
    check_kind();
    number("tcp", ready_, 1, 65535, "a port");
    path("unix");
    path("file");
    if (const Node* http = said("http")) check_http(*http);
    if (const Node* pattern = said("log")) check_log(*pattern);
    if (const Node* count = said("count")) check_count(*count);
    if (const Node* command = ready_.find("exec"); command != nullptr && command->items.empty())
      complain(*command, "exec needs a command");
    if (const Node* notify = said("notify"); notify != nullptr && !notify->is_true())
      complain(*notify, "notify: false says nothing").hint = "leave it out";
  }

 private:
  /// A value that can be judged: not one with a variable left in it.
  const Node* said(std::string_view key) const {
    const Node* node = ready_.find(key);
    return node == nullptr || node->is_null() || is_open(*node) ? nullptr : node;
  }

  Diagnostic& complain(const Node& node, std::string_view what) {
    return reporter_.error("bad-ready", node.place, "x-stack.ready of service {}: {}",
                           stack::quoted(service_.key), what);
  }

  void check_kind() {
    std::string_view first;
    for (const auto& [key, place, value] : ready_.entries) {
      if (std::ranges::find(kKinds, key) == kKinds.end()) continue;
      if (first.empty()) {
        first = key;
        continue;
      }
      complain(value, fmt::format("\"{}\" and \"{}\" exclude each other", first, key)).hint =
          "what is to be waited for is one of " + fmt::format("{}", fmt::join(kKinds, ", "));
      return;
    }
  }

  void number(std::string_view key, const Node& in, int least, int most, std::string_view what) {
    const Node* node = in.find(key);
    if (node == nullptr || node->is_null() || is_open(*node)) return;
    const auto value = parse_integer<std::int64_t>(node->text);
    if (value && *value >= least && *value <= most) return;
    complain(*node, fmt::format("{} is not {}", node->text, what)).hint =
        fmt::format("{} to {}", least, most);
  }

  void path(std::string_view key) {
    const Node* node = said(key);
    if (node == nullptr || node->text.starts_with('/')) return;
    complain(*node, fmt::format("{} is not an absolute path", stack::quoted(node->text))).hint =
        "it is looked for in the container";
  }

  void check_url(const Node& url) {
    if (is_open(url) || parse_ready_url(url.text)) return;
    auto& error = complain(url, fmt::format("{} cannot be asked", stack::quoted(url.text)));
    error.hint = url.text.starts_with("https:")
                     ? "https is not spoken here: ask a port without, or use exec"
                     : "http://localhost:8080/path; or an address in place of localhost";
  }

  void check_http(const Node& http) {
    if (http.is_string()) return check_url(http);
    const Node* url = http.find("url");
    const Node* port = http.find("port");
    if ((url == nullptr) == (port == nullptr))
      complain(http, "http needs one of \"url\" and \"port\"");
    if (url != nullptr && !url->is_null()) check_url(*url);
    number("port", http, 1, 65535, "a port");
    number("status", http, 100, 599, "a status of HTTP");
    const Node* path = http.find("path");
    if (path == nullptr || path->is_null() || is_open(*path)) return;
    if (url != nullptr) complain(*path, "\"path\" goes with \"port\", a url has its own");
    if (!is_path(path->text))
      complain(*path, fmt::format("{} is not a path of a URL", stack::quoted(path->text))).hint =
          "/health";
  }

  static bool is_path(std::string_view text) {
    return text.starts_with('/') &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  }

  void check_log(const Node& pattern) {
    try {
      const Pattern compiled(pattern.text);
    } catch (const Error& error) {
      complain(pattern, error.message()).hint = error.hint();
    }
    const Node* logging = service_.value.find("logging");
    if (logging == nullptr || logging->text_of("driver") != "none") return;
    complain(pattern, "logging driver none keeps no line to look at").hint =
        "another driver, or another kind of readiness";
  }

  void check_count(const Node& count) {
    number("count", ready_, 1, 1000000, "a number of lines");
    if (ready_.find("log") == nullptr) complain(count, "\"count\" goes with \"log\"");
  }

  const Entry& service_;
  const Node& ready_;
  Reporter& reporter_;
};

}  // namespace

std::optional<ReadyUrl> parse_ready_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return std::nullopt;
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f; })) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::size_t slash = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, slash);
  ReadyUrl url;
  url.path = text.substr(slash, text.find('#') - slash);
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = parse_integer<std::uint16_t>(authority.substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    url.port = *port;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  url.host = authority;
  if (url.host != "localhost" && !is_address(url.host)) return std::nullopt;
  return url;
}

void check_ready(const Entry& service, Reporter& reporter) {
  const Node* stack = service.value.find("x-stack");
  const Node* ready = stack == nullptr ? nullptr : stack->find("ready");
  if (ready == nullptr || !ready->is_mapping()) return;
  ReadyCheck(service, *ready, reporter).run();
}

}  // namespace stack::spec
