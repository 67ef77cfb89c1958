// SPDX-License-Identifier: Apache-2.0
// What ps(1) shows of this process: the memory that its arguments were put into when it was
// executed (proc(5), cmdline). A copy of it (fork(2)) has one of its own.
#pragma once

#include <span>
#include <string_view>

namespace stack {

/// As main() got them. The strings of argv lie one behind the other (execve(2)).
std::span<char> note_own_arguments(int argc, char** argv);
/// Nothing of them is left but `name`, as far as there is room. Does nothing in a process whose
/// arguments were not noted. Async-signal-safe.
void overwrite_own_arguments(std::string_view name);

}  // namespace stack
