// SPDX-License-Identifier: Apache-2.0
// What a process has from whoever started it, though nobody meant it to: the niceness of a cron
// job, the processors of `taskset`, the limits of a shell. The same stack file is to run the same
// from everywhere.
#pragma once

#include <sys/resource.h>

#include <span>

namespace stack {

struct StandardLimit {
  int resource;  ///< RLIMIT_NOFILE
  rlimit limit;
};
/// What a container's processes may use when nobody says otherwise. The same on all machines, and
/// near to what docker's service has: no limit but for stack, descriptors and locked memory, and no
/// core files unless a process asks for them.
std::span<const StandardLimit> standard_limits();

/// Priorities, scheduling, processors, memory policy, personality, timer slack, the score of the
/// OOM killer and limits of this process become those of one that init starts. Limits are raised
/// only: what is lowered here could not be had any more without CAP_SYS_RESOURCE. What this process
/// may not change stays as it is (runtime/host_check.h warns of what matters). System calls alone,
/// for children between fork and exec; /proc is to be the host's.
void shed_inherited();

}  // namespace stack
