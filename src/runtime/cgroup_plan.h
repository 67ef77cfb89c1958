// SPDX-License-Identifier: Apache-2.0
// Which directories and files give a container its limits: a pure function of what the machine has
// and what the container asks for.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/cgroup_layout.h"
#include "runtime/container_spec.h"
#include "runtime/device_rules.h"

namespace stack::runtime {

enum class IfMissing {
  fail,
  skip,  ///< the kernel may lack the file: memory.swap.max without swap accounting
};

struct CgroupWrite {
  std::string file;  ///< "memory.max", or "cgroup.subtree_control" of an ancestor
  std::string value;
  IfMissing if_missing = IfMissing::fail;
  bool operator==(const CgroupWrite&) const = default;
};

/// One directory to make, and what to write into it. Applied in order, parents first.
struct CgroupDirectory {
  std::string path;
  std::vector<CgroupWrite> writes;
  bool operator==(const CgroupDirectory&) const = default;
};

struct CgroupPlan {
  std::vector<CgroupDirectory> directories;
  /// The container's own directory in each v1 hierarchy, to be entered through its `tasks` file.
  std::vector<std::string> v1_groups;
  std::string unified_group;  ///< for CLONE_INTO_CGROUP; empty: no v2 tree
  /// Device rules for the v2 group; empty when the v1 controller enforces them.
  std::vector<DeviceRule> unified_devices;
};

/// Throws Error when a limit is asked for whose controller this machine does not have.
CgroupPlan cgroup_plan(const CgroupLayout& layout, const ContainerSpec& spec);

/// "mkdir PATH", "PATH/FILE = VALUE" per line.
std::string to_text(const CgroupPlan& plan);

}  // namespace stack::runtime
