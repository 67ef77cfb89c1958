// SPDX-License-Identifier: Apache-2.0
// What the flags of `run` say, in the terms of the project.
#pragma once

#include "cli/options.h"
#include "orchestrator/one_off.h"

namespace stack::cli {

/// [[IP:]HOST:]CONTAINER[/PROTOCOL] of each. Throws Error (usage).
std::vector<spec::Port> ports_of(const std::vector<std::string>& texts);
/// [SOURCE:]TARGET[:OPTIONS] of each; sources that are paths begin at `folder`. Throws Error
/// (usage).
std::vector<spec::Mount> mounts_of(const std::vector<std::string>& texts,
                                   const std::filesystem::path& folder);
/// Of files, then of KEY=VALUE; KEY alone takes our value, and none when we have none.
spec::Environment environment_of(const std::vector<std::string>& files,
                                 const std::vector<std::string>& texts);

/// Of `stack run`: SERVICE [COMMAND...]. Throws Error (usage).
orchestrator::RunRequest run_request(const Options& options);

}  // namespace stack::cli
