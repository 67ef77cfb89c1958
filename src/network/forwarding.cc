// SPDX-License-Identifier: Apache-2.0
// The host's settings that all stacks share. A file remembers what they were before us; it is
// written before they are changed, so that a crash in between is undone rather than forgotten.
#include <functional>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/text.h"
#include "network/firewall.h"
#include "network/foreign_chains.h"
#include "network/kernel_rules.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr const char* setting = "net/ipv4/ip_forward";
constexpr const char* setting6 = "net/ipv6/conf/all/forwarding";
constexpr std::string_view own_links = "stk";

/// Interfaces whose addresses and routes come from a router's announcements.
std::vector<std::string> listening_interfaces() {
  std::vector<std::string> settings;
  for (const std::string& name : list_directory("/proc/sys/net/ipv6/conf")) {
    if (name == "all" || name == "default" || name == "lo" || name.starts_with(own_links)) continue;
    std::string trust = "net/ipv6/conf/" + name + "/accept_ra";
    if (get_sysctl(trust) == "1") settings.push_back(std::move(trust));
  }
  return settings;
}

/// Lines "SETTING VALUE".
void restore_settings(const std::string& memory) {
  for (const std::string& line : split(memory, '\n')) {
    const auto space = line.rfind(' ');
    if (space == std::string::npos) continue;
    set_sysctl_if_exists(line.substr(0, space), line.substr(space + 1));
  }
}

/// What `put_back` makes of what was remembered; once.
void restore(const std::string& memory_file,
             const std::function<void(const std::string& memory)>& put_back) {
  const auto memory = read_file_if_exists(memory_file);
  if (!memory) return;
  // Whoever came after us found it on and relies on it.
  fail_point("forwarding.put-back");
  if (!others_translate(list_chains())) put_back(*memory);
  fail_point("forwarding.forget");
  remove_tree(memory_file);
}

}  // namespace

void enable_forwarding(const std::string& memory_file) {
  during("switching on IPv4 forwarding", [&] {
    if (get_sysctl(setting) == "1") return;
    write_file_atomically(memory_file, "0\n", Durability::survives_crash);
    fail_point("forwarding.set");
    set_sysctl(setting, "1");
  });
}

void restore_forwarding(const std::string& memory_file) {
  during("restoring IPv4 forwarding",
         [&] { restore(memory_file, [](const std::string&) { set_sysctl(setting, "0"); }); });
}

void enable_forwarding6(const std::string& memory_file) {
  during("switching on IPv6 forwarding", [&] {
    if (get_sysctl(setting6) == "1") return;
    const auto listening = listening_interfaces();
    std::string memory = fmt::format("{} 0\n", setting6);
    for (const std::string& each : listening) memory += each + " 1\n";
    write_file_atomically(memory_file, memory, Durability::survives_crash);
    // 2: also while forwarding (ip-sysctl.rst).
    for (const std::string& each : listening) set_sysctl(each, "2");
    fail_point("forwarding.set6");
    set_sysctl(setting6, "1");
  });
}

void restore_forwarding6(const std::string& memory_file) {
  during("restoring IPv6 forwarding", [&] { restore(memory_file, &restore_settings); });
}

}  // namespace stack::network
