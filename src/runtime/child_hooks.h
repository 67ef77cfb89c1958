// SPDX-License-Identifier: Apache-2.0
// Programs of the host that work on a container's files before it enters them. Rules of
// child_report.h apply.
#pragma once

#include <span>

#include "runtime/child_report.h"

namespace stack::runtime {

/// execve(2)
struct HookTask {
  const char* path = "";
  char* const* arguments = nullptr;    ///< null-terminated
  char* const* environment = nullptr;  ///< null-terminated
  int timeout = -1;                    ///< milliseconds; -1: none
};

struct HooksTask {
  std::span<const HookTask> hooks;
  /// What each reads on its standard input; the caller's pid stands between the two.
  const char* state_before_pid = "";
  const char* state_after_pid = "";
  int output = -1;  ///< their standard output
  int errors = -1;  ///< their standard error
};

/// One after the other. The first that does not end with 0 ends it.
ChildFailure run_hooks(const HooksTask& task);

}  // namespace stack::runtime
