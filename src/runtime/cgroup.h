// SPDX-License-Identifier: Apache-2.0
// The container's cgroup in whatever mixture of hierarchies the host has: v1 hierarchies carry the
// limits where they are mounted, the v2 tree carries limits where it has controllers, and
// placement, kill and "populated" wherever it exists at all.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/process.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

/// Processes in the container's cgroup and below; empty when there is none.
std::vector<pid_t> cgroup_processes(const std::string& cgroup);
/// SIGKILL to all of them: cgroup.kill, or freezer and a loop on v1-only hosts.
void kill_cgroup(const std::string& cgroup);
/// Removes the directories in every hierarchy, deepest first, waiting (bounded, event-driven where
/// the kernel has events) for killed processes to be gone. A missing one is fine.
void remove_cgroup(const std::string& cgroup);
/// Names of the child cgroups of `parent` ("stack/PROJECT") in any hierarchy, sorted, without
/// doubles.
std::vector<std::string> list_cgroups(const std::string& parent);
/// A directory descriptor of `cgroup` in the v2 tree for CLONE_INTO_CGROUP, made when absent; an
/// empty Fd where no cgroup2 is mounted.
Fd open_unified_cgroup(const std::string& cgroup);

}  // namespace stack::runtime
