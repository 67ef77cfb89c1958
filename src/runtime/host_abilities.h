// SPDX-License-Identifier: Apache-2.0
// What of this machine the keys of a service ask for, each with what is lost without it and how to
// get it. One table for both who asks: host_check.h, before a container is made, and `stack
// doctor`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "runtime/cgroup_layout.h"

namespace stack::runtime {

struct HostAbilities {
  CgroupLayout cgroups;
  /// Files of groups that a kernel may be built without, and this one is: "memory.swappiness".
  std::set<std::string> missing_files;
  std::string processors;                           ///< that are online: "0-3"
  std::map<std::string, std::int64_t> hard_limits;  ///< ulimits by name; -1: none
  bool may_raise_limits = false;                    ///< CAP_SYS_RESOURCE
  int lowest_oom_score_adj = 0;                     ///< without CAP_SYS_RESOURCE
  bool no_new_privileges = false;                   ///< we run so, and all that we start
  bool apparmor = false;
  /// Names that are loaded; unset: the kernel does not let us see them.
  std::optional<std::set<std::string>> apparmor_profiles;
  bool selinux = false;
  bool user_namespaces = false;  ///< one more may be made
};

/// Reads them from this machine; changes nothing for longer than it takes to try.
HostAbilities host_abilities();

enum class Need {
  cpu,
  cpu_quota,
  real_time,
  cpuset,
  memory,
  swap,
  swappiness,
  oom_kill_disable,
  pids,
  block,
  block_rates,
  block_weights,
  devices,
  freezer,
  raise_limits,
  apparmor,
  user_namespaces,
};

struct HostNeed {
  Need need;
  std::string_view name;     ///< "cgroup memory"
  std::string_view lacking;  ///< a clause: "this machine has no memory cgroup controller"
  std::string_view costs;    ///< what becomes of the keys that ask for it
  std::string_view cure;
};
/// All of them, in the order in which they are shown.
std::span<const HostNeed> host_needs();
const HostNeed& host_need(Need need);

/// Where this machine has it: "v1", "v2", "yes"; nothing when it lacks it.
std::optional<std::string> find_need(Need need, const HostAbilities& host);

/// The names in the text of /sys/kernel/security/apparmor/profiles: lines "name (enforce)".
std::set<std::string> parse_apparmor_profiles(std::string_view text);

}  // namespace stack::runtime
