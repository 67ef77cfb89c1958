// SPDX-License-Identifier: Apache-2.0
// The container's cgroups made real, and the descriptors by which a process gets into them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/id_block.h"
#include "runtime/cgroup_plan.h"

namespace stack::runtime {

/// How a new process gets into the groups. It enters the v2 group by CLONE_INTO_CGROUP and the v1
/// groups by writing "0" to each `tasks` file itself: moving the calling thread needs no global
/// lock there, while moving somebody else by cgroup.procs waits for an RCU grace period (measured:
/// 12 to 15 ms for the first move after a pause).
struct CgroupEntrance {
  Fd unified;
  std::vector<Fd> v1_tasks;
};

/// Makes the directories and writes the limits. Throws Error; call remove_cgroup() then.
CgroupEntrance make_cgroups(const CgroupPlan& plan);
/// Gives the container's root, as the host knows it, what it takes to make groups below its own
/// and to move its processes (cgroups(7), "delegation"). Limits of the groups themselves stay ours.
void delegate_cgroups(const CgroupPlan& plan, const IdBlock& ids);
/// Whether `error`, met by `write`, says no more than that the kernel has no such file, where that
/// is allowed.
bool is_harmless(const CgroupWrite& write, const Error& error);
/// The way into the cgroups of a running container.
CgroupEntrance open_cgroups(const CgroupLayout& layout, const std::string& cgroup);

}  // namespace stack::runtime
