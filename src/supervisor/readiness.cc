// SPDX-License-Identifier: Apache-2.0
#include "supervisor/readiness.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace stack::supervisor {

using namespace std::chrono_literals;

std::chrono::nanoseconds pause_between_looks(std::chrono::nanoseconds waited) {
  if (waited > 1min) return 100ms;
  return std::clamp<std::chrono::nanoseconds>(waited / 20, 1ms, 10ms);
}

std::chrono::nanoseconds pause_between_questions(std::chrono::nanoseconds waited) {
  return std::clamp<std::chrono::nanoseconds>(waited / 5, 50ms, 1s);
}

std::optional<int> http_status(std::string_view answer) {
  constexpr std::string_view protocol = "HTTP/";
  constexpr std::size_t longest_line = 4096;
  const std::size_t size = std::min(answer.size(), protocol.size());
  if (answer.substr(0, size) != protocol.substr(0, size)) return 0;
  const std::size_t end = answer.find('\n');
  if (end == std::string_view::npos)
    return answer.size() < longest_line ? std::nullopt : std::optional(0);
  const auto parts = split(trim(answer.substr(0, end)), ' ');
  return parts.size() < 2 ? 0 : parse_integer<int>(parts[1]).value_or(0);
}

bool means_ready(const ReadyRule& rule, int status) {
  return rule.status == 0 ? status >= 200 && status < 400 : status == rule.status;
}

std::string http_request(const ReadyRule& rule) {
  const bool is_v6 = rule.host.find(':') != std::string::npos;
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: stack\r\nAccept: */*\r\n"
      "Connection: close\r\n\r\n",
      rule.path, is_v6 ? "[" : "", rule.host, is_v6 ? "]" : "", rule.ports.at(0).number);
}

std::string notify_address(const std::string& id) {
  return "@stack/" + id;
}

bool says_ready(std::string_view datagram) {
  const auto lines = split(datagram, '\n');
  return std::ranges::find(lines, "READY=1") != lines.end();
}

std::string what_is_missing(const ReadyRule& rule) {
  using Kind = ReadyRule::Kind;
  if (rule.kind == Kind::unix_socket) return "nothing listens on " + rule.path;
  if (rule.kind == Kind::file) return fmt::format("there is no {}", rule.path);
  if (rule.kind == Kind::notify) return "it has not said READY=1";
  if (rule.ports.empty()) return "nothing listens on any port";
  std::vector<std::string> ports;
  for (const auto& port : rule.ports)
    ports.push_back(port.protocol == "tcp" ? std::to_string(port.number)
                                           : fmt::format("{}/{}", port.number, port.protocol));
  return fmt::format("nothing listens on port {}", join(ports, " or "));
}

}  // namespace stack::supervisor
