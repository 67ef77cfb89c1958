// SPDX-License-Identifier: Apache-2.0
// A container's process 1 from clone to exec: read become_container() to learn what a container is.
// Rules of child_report.h apply.
#pragma once

#include <span>

#include "runtime/child_mounts.h"
#include "runtime/program.h"

namespace stack::runtime {

enum class OwnNetwork { yes, no };

/// A file below /proc/sys and its value.
struct Sysctl {
  const char* file;
  const char* value;
};
/// Set in each network namespace of our own: low ports and ping need no capability there.
std::span<const Sysctl> own_sysctls();

struct ContainerTask {
  int control = -1;                   ///< socket of ChildReport
  std::span<const int> kept;          ///< descriptors to keep, ascending
  std::span<const int> cgroup_tasks;  ///< `tasks` files of the v1 groups
  RootTask root;
  const MountPlan* mounts = nullptr;
  std::span<int> trees;  ///< room for one descriptor per mount step
  const char* hostname = "";
  const char* domainname = "";
  OwnNetwork network = OwnNetwork::yes;
  ProgramTask program;
};

[[noreturn]] void become_container(const ContainerTask& task);

/// Moves the calling thread into cgroups by their open `tasks` files.
int enter_cgroups(std::span<const int> tasks);

}  // namespace stack::runtime
