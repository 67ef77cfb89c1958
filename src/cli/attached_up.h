// SPDX-License-Identifier: Apache-2.0
// The part of an `up` without -d that comes after everything runs: its logs, Ctrl-C, and what one
// container's end means for the others.
#pragma once

#include <chrono>

#include "base/host_paths.h"
#include "cli/options.h"
#include "spec/model.h"

namespace stack::cli {

/// Flags that exclude each other, services that are not there, and a watch that cannot be: throws
/// Error before anything is done.
void check_attachment(const spec::Project& project, const Options& options);

/// The services whose logs are shown: those asked for, or all but those with `attach: false`.
std::set<std::string> attached_services(const spec::Project& project, const Options& options);

/// After a Ctrl-C while the stack was still being made: what runs by then is stopped, as it would
/// be a moment later. The code for the shell.
int stop_half_made(const std::string& project, const Options& options, const HostPaths& paths);

/// Shows logs until nothing runs any more, somebody has had enough, or Ctrl-p Ctrl-q is typed,
/// which leaves the stack to itself; the code for the shell.
int stay_attached(const spec::Project& project, const Options& options, const HostPaths& paths,
                  std::chrono::system_clock::time_point since);

}  // namespace stack::cli
