// SPDX-License-Identifier: Apache-2.0
// Containers that the kernel killed because they wanted more memory than they may have: 137 alone
// does not tell it from any other SIGKILL.
#pragma once

#include <string>

#include "base/host_paths.h"
#include "supervisor/status.h"

namespace stack::cli {

/// 128 and SIGKILL.
inline constexpr int killed_by_kernel = 137;

/// Whether the last end of one that is at it, or is about to come back, was such a one.
bool died_of_memory(const supervisor::ObservedContainer& container);

/// "killed for want of memory: its limit is 64MiB (mem_limit)". Reads the container's record.
std::string memory_death_text(const HostPaths& paths, const std::string& project,
                              const std::string& container);

}  // namespace stack::cli
