// SPDX-License-Identifier: Apache-2.0
// What a container asks for and this machine cannot give, known before anything is made. Where
// docker starts the container without the limit and says so, this says so too; elsewhere it is
// refused.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/cgroup_layout.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

struct HostAbilities {
  CgroupLayout cgroups;
  /// Files of groups that a kernel may be built without, and this one is: "memory.swappiness".
  std::set<std::string> missing_files;
  std::string processors;                           ///< that are online: "0-3"
  std::map<std::string, std::int64_t> hard_limits;  ///< ulimits by name; -1: none
  bool may_raise_limits = false;                    ///< CAP_SYS_RESOURCE
  int oom_score_adj = 0;                            ///< our own
  bool apparmor = false;
};

/// Reads them from this machine; changes nothing.
HostAbilities host_abilities();

enum class Severity { warning, error };

struct Unmet {
  std::string key;  ///< as compose calls it: "mem_limit", "ulimits.nofile"
  Severity severity = Severity::warning;
  std::string sentence;
  std::string cure;
};

/// Pure, but for the paths of devices, which are looked at. In the order of the keys in
/// ContainerSpec.
std::vector<Unmet> unmet(const ContainerSpec& spec, const HostAbilities& host);

}  // namespace stack::runtime
