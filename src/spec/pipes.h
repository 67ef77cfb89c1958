// SPDX-License-Identifier: Apache-2.0
// Env files that are pipes: a FIFO, /dev/stdin, a shell's `<(command)`.
#pragma once

#include <optional>
#include <string>

namespace stack::spec {

/// All that comes out of the pipe at `path`, for which whoever writes to it is waited for; an empty
/// text of /dev/null, which a program's stdin may be; nothing when it is neither. It is read once
/// in a process: who asks again gets the same. Throws Error.
std::optional<std::string> read_pipe(const std::string& path);

}  // namespace stack::spec
