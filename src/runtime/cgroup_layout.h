// SPDX-License-Identifier: Apache-2.0
// Which cgroup hierarchies this machine has mounted. Three shapes exist in the field: v2 only, v1
// only, and hybrid (v1 for controllers, v2 beside it without most of them).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stack::runtime {

/// A mounted v1 hierarchy.
struct CgroupHierarchy {
  std::string mount;                     ///< "/sys/fs/cgroup/cpu,cpuacct"
  std::vector<std::string> controllers;  ///< {"cpu", "cpuacct"}
  /// blkio, cpuset: a container gets a directory in it only when it has such a limit. Each group
  /// that a process must enter costs its start something.
  bool on_demand = false;
  bool operator==(const CgroupHierarchy&) const = default;
};

struct CgroupLayout {
  /// Those that a container may get a directory in: devices, memory, pids, cpu, cpuacct, blkio,
  /// cpuset, and freezer where there is no v2 tree to kill through.
  std::vector<CgroupHierarchy> v1;
  std::string unified;  ///< mount point of cgroup2; empty: none
  std::vector<std::string> unified_controllers;

  /// The v1 hierarchy that has `controller`, or null.
  const CgroupHierarchy* v1_with(std::string_view controller) const;
  bool unified_has(std::string_view controller) const;
  /// Every place where a container has a directory: v1 mounts, then the v2 mount.
  std::vector<std::string> mounts() const;
  bool operator==(const CgroupLayout&) const = default;
};

/// Reads the text of /proc/self/mountinfo. unified_controllers stays empty.
CgroupLayout parse_cgroup_layout(std::string_view mountinfo);
/// The layout of this machine as the calling process saw it first: hierarchies do not come and go
/// while containers run.
const CgroupLayout& host_cgroup_layout();

}  // namespace stack::runtime
