// SPDX-License-Identifier: Apache-2.0
// Commands looked up by name: most of what `stack` is asked is about one of them, and making the
// whole table is a good part of a start.
#pragma once

#include <span>
#include <string_view>

#include "cli/command.h"

namespace stack::cli {

/// Those whose first word it is ("up"; all of "image"), without making the others; none: there is
/// no such word. They last as long as the program.
std::span<const Command> commands_of(std::string_view verb);
/// "up", "image ls"; nullptr when there is none.
const Command* find_command(std::string_view name);

}  // namespace stack::cli
