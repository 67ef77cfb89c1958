// SPDX-License-Identifier: Apache-2.0
// Which directories and files give a container its limits: a pure function of what the machine has
// and what the container asks for.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/cgroup_layout.h"
#include "runtime/cgroup_limits.h"
#include "runtime/container_spec.h"
#include "runtime/device_rules.h"
#include "runtime/node.h"

namespace stack::runtime {

/// What of the host's devices goes into the plan: device_facts().
struct DeviceFacts {
  std::vector<DeviceRule> rules;  ///< of the devices that the container gets
  std::vector<Node> nodes;        ///< same, to be made below /dev: paths relative to it
  std::vector<MountSpec> binds;   ///< same, for targets elsewhere
  NumberOfDevice number_of;       ///< of block devices with limits
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

/// Looks the container's devices up on this machine. Throws Error, with the path, for one that does
/// not exist or is no device.
DeviceFacts device_facts(const SecuritySpec& security);

/// A limit whose controller this machine lacks is left out: host_check.h tells of it before
/// anything is made.
CgroupPlan cgroup_plan(const CgroupLayout& layout, const ContainerSpec& spec,
                       const DeviceFacts& facts);

/// "mkdir PATH", "PATH/FILE = VALUE" per line.
std::string to_text(const CgroupPlan& plan);

}  // namespace stack::runtime
