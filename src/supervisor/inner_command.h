// SPDX-License-Identifier: Apache-2.0
// A command that the supervisor runs inside a container: a health check, a hook.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/process.h"
#include "runtime/container_spec.h"
#include "supervisor/async.h"

namespace stack::supervisor {

/// Where it runs.
struct InnerPlace {
  const runtime::ContainerSpec& spec;
  ProcessIdentity container;    ///< its process 1
  std::filesystem::path cache;  ///< of compiled filters
};

struct InnerCommand {
  runtime::ProcessSpec process;
  bool privileged = false;
  int output = -1;  ///< where both streams go; -1: into InnerResult::output
  std::optional<Clock::time_point> deadline;
};

struct InnerResult {
  std::optional<int> exit_code;
  bool timed_out = false;  ///< it was killed at the deadline, with all that it had started
  std::string output;      ///< the beginning of what it said, at most 4 KiB
  std::string problem;     ///< why it could not be run
};

/// Runs it to its end or to its deadline. What is pointed to must live until then.
Awaitable<InnerResult> run_inside(Loop& loop, InnerPlace place, InnerCommand command);

}  // namespace stack::supervisor
