// SPDX-License-Identifier: Apache-2.0
// Our own children: as long as one has not been waited for, its pid is nobody else's.
#pragma once

#include <sys/types.h>

#include <optional>

namespace stack {

/// Waits until it has ended. How, as wait(2) gives it (exit_code_of()); nothing, with errno, when
/// it is no child of ours.
std::optional<int> await_end(pid_t child);

}  // namespace stack
