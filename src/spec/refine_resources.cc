// SPDX-License-Identifier: Apache-2.0
// Checks of limits, devices, kernel parameters and security options. docker compose takes any text
// here and lets the engine refuse it: `config` shows such a file with a warning, `up` refuses it.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/expand.h"
#include "spec/scalars.h"
#include "spec/security_options.h"
#include "spec/shape.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

void check_range(const Node& node, std::int64_t low, std::int64_t high, const Where& where,
                 Shaping& shaping) {
  if (is_kept(node, shaping) || node.is_null()) return;
  const auto value = parse_integer<std::int64_t>(node.text);
  if (value && *value >= low && *value <= high) return;
  wrong_value(node, node.text, shaping, where, fmt::format("between {} and {}", low, high));
}

bool are_permissions(std::string_view text) {
  return !text.empty() && text.find_first_not_of("rwm") == std::string_view::npos;
}

bool is_device_number(std::string_view text) {
  return text == "*" || parse_integer<std::uint32_t>(text).has_value();
}

/// "c 1:3 rwm", "a *:* rwm".
bool is_device_rule(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.size() != 3 || words[0].size() != 1 || !are_permissions(words[2])) return false;
  const auto numbers = split(words[1], ':');
  return std::string_view("abc").find(words[0]) != std::string_view::npos && numbers.size() == 2 &&
         is_device_number(numbers[0]) && is_device_number(numbers[1]);
}

/// An IP address, one of IPv6 perhaps with a zone: "fe80::1%eth0".
bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), bytes.data()) == 1;
}

constexpr std::array<std::string_view, 16> kLimits = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

/// What belongs to the container's own namespaces, and so may be set in one of them.
bool is_namespaced(std::string_view name) {
  constexpr std::array<std::string_view, 8> names = {
      "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
      "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
  return name.starts_with("net.") || name.starts_with("fs.mqueue.") ||
         std::find(names.begin(), names.end(), name) != names.end();
}

bool is_sysctl_name(std::string_view name) {
  return !name.empty() && name.find("..") == std::string_view::npos && name.front() != '.' &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "_-./") == std::string_view::npos;
}

}  // namespace

void refine_microseconds(Node& node, const Where& where, Shaping& shaping) {
  check_range(node, -1, 1'000'000'000, where, shaping);
}

void refine_block_weight(Node& node, const Where& where, Shaping& shaping) {
  if (node.text != "0") check_range(node, 10, 1000, where, shaping);
}

void refine_oom_score(Node& node, const Where& where, Shaping& shaping) {
  check_range(node, -1000, 1000, where, shaping);
}

void refine_owner_id(Node& node, const Where& where, Shaping& shaping) {
  if (is_kept(node, shaping) || node.text.empty()) return;
  if (!parse_integer<std::uint32_t>(node.text))
    wrong_value(node, node.text, shaping, where, "a number").hint =
        "names of users are not known here";
}

void refine_cpuset(Node& node, const Where& where, Shaping& shaping) {
  if (is_kept(node, shaping) || node.text.empty() || parse_ranges(node.text)) return;
  wrong_value(node, node.text, shaping, where, "a list of processors").hint = "0-3,7, for example";
}

void refine_hosts(Node& node, const Where& where, Shaping& shaping) {
  for (const Node& item : node.items) {
    const std::string address = item.text.substr(item.text.find('=') + 1);
    const bool is_told = item.text.find('=') == std::string::npos;
    if (is_told || is_kept(item, shaping) || address == "host-gateway" || is_address(address))
      continue;
    wrong_value(item, address, shaping, where, "an IP address").hint =
        "NAME=ADDRESS, or NAME=host-gateway for the host";
  }
}

/// Names would have to be looked up with the very servers that they name.
void refine_name_servers(Node& node, const Where& where, Shaping& shaping) {
  for (const Node& item : node.items) {
    if (is_kept(item, shaping) || is_address(item.text)) continue;
    wrong_value(item, item.text, shaping, where, "an IP address").hint =
        "name servers have addresses, like 192.0.2.1 or 2001:db8::1";
  }
}

void refine_device_permissions(Node& node, const Where& where, Shaping& shaping) {
  if (is_kept(node, shaping) || node.text.empty() || are_permissions(node.text)) return;
  const std::string permissions = device_permissions(node.text);
  if (permissions.empty()) {
    wrong_value(node, node.text, shaping, where, "some of r, w and m");
    return;
  }
  shaping.reporter
      .warning("taken-for", node.place, "{} is taken for {}: {}", stack::quoted(node.text),
               stack::quoted(permissions), where.value_text())
      .hint = "some of r, w and m";
}

void refine_device_rules(Node& node, const Where& where, Shaping& shaping) {
  for (const Node& item : node.items) {
    if (is_kept(item, shaping) || is_device_rule(item.text)) continue;
    wrong_value(item, item.text, shaping, where, "a rule for devices").hint =
        "c 1:3 rwm: kind (a, b or c), major:minor (or *), permissions";
  }
}

void refine_ulimits(Node& node, const Where& where, Shaping& shaping) {
  for (const auto& [name, place, value] : node.entries) {
    const std::vector<std::string> known(kLimits.begin(), kLimits.end());
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      Diagnostic& diagnostic = shaping.reporter.problem("bad-value", place, "{} is not a limit: {}",
                                                        stack::quoted(name), where.value_text());
      const auto near = nearest(name, known);
      diagnostic.hint = near ? fmt::format("did you mean \"{}\"?", *near) : join(known, ", ");
      continue;
    }
    const auto soft = parse_integer<std::int64_t>(value.text_of("soft"));
    const auto hard = parse_integer<std::int64_t>(value.text_of("hard"));
    if (soft && hard && *hard >= 0 && (*soft < 0 || *soft > *hard))
      shaping.reporter.problem("bad-value", value.place, "soft is above hard in {} of {}",
                               stack::quoted(name), where.value_text());
  }
}

void refine_storage_options(Node& node, const Where& where, Shaping& shaping) {
  for (const auto& [name, place, value] : node.entries) {
    if (is_kept(value, shaping)) continue;
    if (name != "size") {
      shaping.reporter
          .problem("bad-value", place, "{} is no option of the storage: {}", stack::quoted(name),
                   where.value_text())
          .hint = "there is `size`";
    } else if (parse_size(value.text).value_or(0) == 0) {
      shaping.reporter.problem("bad-value", value.place, "{} is not a size: {}",
                               stack::quoted(value.text), where.value_text());
    }
  }
}

void refine_sysctls(Node& node, const Where& where, Shaping& shaping) {
  for (const auto& [name, place, value] : node.entries) {
    if (is_kept(value, shaping)) continue;
    if (!is_sysctl_name(name)) {
      shaping.reporter.problem("bad-value", place, "{} is not a kernel parameter: {}",
                               stack::quoted(name), where.value_text());
    } else if (!is_namespaced(sysctl_name(name))) {
      shaping.reporter
          .problem("bad-value", place,
                   "kernel parameter {} belongs to the whole machine, not to a container",
                   stack::quoted(name))
          .hint =
          "net.*, fs.mqueue.* and kernel's shm*, msg* and sem can be set here; for others: "
          "sysctl -w on the host";
    }
  }
}

void refine_security_options(Node& node, const Where& where, Shaping& shaping) {
  for (const Node& item : node.items) {
    if (is_kept(item, shaping)) continue;
    const auto parsed = parse_security_option(item.text);
    const auto* refusal = std::get_if<Refusal>(&parsed);
    if (refusal == nullptr) continue;
    shaping.reporter
        .problem("bad-value", item.place, "{}: {}", refusal->message, where.value_text())
        .hint = refusal->hint;
  }
}

}  // namespace stack::spec
