// SPDX-License-Identifier: Apache-2.0
// The processes of a joined program. Three, because each has to be where it is:
//   relay    our caller's child, outside: passes the exit status on; may be killed at any time
//   guard    outside, child of the relay: enters the namespaces, is told by the kernel when the
//            relay dies, and then kills the program's whole process group
//   program  inside, child of the guard: setns(2) puts only children into a pid namespace
// Rules of child_report.h apply.
#pragma once

#include <span>

#include "runtime/program.h"

namespace stack::runtime {

struct JoinTask {
  int control = -1;                   ///< socket of ChildReport
  int container = -1;                 ///< pidfd of the container's process 1
  int unified_cgroup = -1;            ///< directory for CLONE_INTO_CGROUP; -1: none
  std::span<const int> cgroup_tasks;  ///< `tasks` files of the v1 groups
  std::span<const int> kept;          ///< descriptors to keep, ascending
  ProgramTask program;
};

[[noreturn]] void become_relay(const JoinTask& task);

}  // namespace stack::runtime
