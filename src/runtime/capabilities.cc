// SPDX-License-Identifier: Apache-2.0
#include "runtime/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "runtime/container_spec.h"

namespace stack::runtime {
namespace {

// In the order of linux/capability.h: the index is the number.
constexpr std::array<std::string_view, 41> all_names = {"CHOWN",
                                                        "DAC_OVERRIDE",
                                                        "DAC_READ_SEARCH",
                                                        "FOWNER",
                                                        "FSETID",
                                                        "KILL",
                                                        "SETGID",
                                                        "SETUID",
                                                        "SETPCAP",
                                                        "LINUX_IMMUTABLE",
                                                        "NET_BIND_SERVICE",
                                                        "NET_BROADCAST",
                                                        "NET_ADMIN",
                                                        "NET_RAW",
                                                        "IPC_LOCK",
                                                        "IPC_OWNER",
                                                        "SYS_MODULE",
                                                        "SYS_RAWIO",
                                                        "SYS_CHROOT",
                                                        "SYS_PTRACE",
                                                        "SYS_PACCT",
                                                        "SYS_ADMIN",
                                                        "SYS_BOOT",
                                                        "SYS_NICE",
                                                        "SYS_RESOURCE",
                                                        "SYS_TIME",
                                                        "SYS_TTY_CONFIG",
                                                        "MKNOD",
                                                        "LEASE",
                                                        "AUDIT_WRITE",
                                                        "AUDIT_CONTROL",
                                                        "SETFCAP",
                                                        "MAC_OVERRIDE",
                                                        "MAC_ADMIN",
                                                        "SYSLOG",
                                                        "WAKE_ALARM",
                                                        "BLOCK_SUSPEND",
                                                        "AUDIT_READ",
                                                        "PERFMON",
                                                        "BPF",
                                                        "CHECKPOINT_RESTORE"};

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool is_all(const std::string& name) {
  const std::string upper = to_upper(name);
  return upper == "ALL" || upper == "CAP_ALL";
}

std::string known_capability(const std::string& name) {
  if (const auto canonical = canonical_capability(name)) return *canonical;
  Error error(fmt::format("unknown capability {}", stack::quoted(name)));
  const std::vector<std::string> names(all_names.begin(), all_names.end());
  if (const auto near = nearest(to_upper(name), names))
    error.with_hint("did you mean " + *near + "?");
  throw error;
}

std::set<std::string> without(std::set<std::string> set, const std::vector<std::string>& dropped) {
  for (const std::string& name : dropped)
    if (!is_all(name)) set.erase(known_capability(name));
  return set;
}

}  // namespace

std::optional<std::string> canonical_capability(std::string_view name) {
  std::string upper = to_upper(name);
  if (upper.starts_with("CAP_")) upper.erase(0, 4);
  if (std::find(all_names.begin(), all_names.end(), upper) == all_names.end()) return std::nullopt;
  return upper;
}

CapabilityBits capability_bits(const std::set<std::string>& names) {
  CapabilityBits bits = 0;
  for (const std::string& name : names) {
    const auto at = std::find(all_names.begin(), all_names.end(), name);
    if (at == all_names.end()) fail("unknown capability {}", stack::quoted(name));
    bits |= CapabilityBits{1} << (at - all_names.begin());
  }
  return bits;
}

std::set<std::string> capability_names(CapabilityBits bits) {
  std::set<std::string> names;
  for (std::size_t number = 0; number < all_names.size(); ++number) {
    if ((bits >> number & 1) != 0) names.emplace(all_names[number]);
  }
  return names;
}

CapabilityBits own_bounding_set() {
  CapabilityBits bits = 0;
  for (unsigned long number = 0; number < all_names.size(); ++number) {
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) bits |= CapabilityBits{1} << number;
  }
  return bits;
}

CapabilityBits own_effective_set() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, data) != 0) throw_errno("capget");
  return CapabilityBits{data[1].effective} << 32 | data[0].effective;
}

int last_known_capability() {
  return static_cast<int>(all_names.size()) - 1;
}

const std::set<std::string>& default_capabilities() {
  static const std::set<std::string> names = {
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER", "FSETID",  "KILL",   "MKNOD",
      "NET_BIND_SERVICE", "NET_RAW", "SETFCAP",      "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};
  return names;
}

std::set<std::string> effective_capabilities(const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop,
                                             bool privileged) {
  if (privileged) return capability_names(own_bounding_set());
  if (std::ranges::any_of(add, is_all)) return without(capability_names(own_bounding_set()), drop);
  std::set<std::string> set;
  if (std::ranges::none_of(drop, is_all)) set = without(default_capabilities(), drop);
  for (const std::string& name : add) set.insert(known_capability(name));
  return set;
}

}  // namespace stack::runtime
