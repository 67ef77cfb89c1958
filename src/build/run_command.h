// SPDX-License-Identifier: Apache-2.0
// One program run to its end on the files of a stage, with the posture of any container.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "base/process.h"
#include "build/turns.h"
#include "runtime/container_spec.h"

namespace stack::build {

struct RunCalls {
  /// The process is there and waits for its program.
  std::function<void(const ProcessIdentity& process)> started;
  /// What it prints, on either stream.
  std::function<void(std::string_view)> output;
};

/// Runs the container, others having their turn meanwhile. Everything that it has started is gone
/// when this returns. The exit code, 128 + n after a signal. Throws Error when it could not be
/// started.
int run_to_end(const runtime::ContainerSpec& spec, const std::filesystem::path& cache, Turns& turns,
               const RunCalls& calls);

/// What every container of a build has; its files, process and cgroup are the caller's to add.
runtime::ContainerSpec build_container();

}  // namespace stack::build
