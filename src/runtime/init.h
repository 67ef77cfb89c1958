// SPDX-License-Identifier: Apache-2.0
// Our own process 1 of a container (`init: true`): reaps what is left to it, forwards signals to
// the program, and ends as the program ends. It runs in the forked image, already confined like
// the program itself. Rules of child_report.h apply.
#pragma once

#include <sys/types.h>

namespace stack::runtime {

/// fork(2) with all signals blocked, so that init cannot miss the child's end.
pid_t fork_from_init();

/// Never returns: exits with the program's status, 128 + n after a signal.
[[noreturn]] void run_init(pid_t program);

}  // namespace stack::runtime
