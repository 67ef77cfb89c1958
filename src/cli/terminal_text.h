// SPDX-License-Identifier: Apache-2.0
// What a container printed, on its way to a person's terminal.
#pragma once

#include <string>
#include <string_view>

namespace stack::cli {

/// `line` with its colours (ESC [ ... m), tabs and a carriage return at its end, everything else
/// that a terminal would obey made visible: a container shall not move the cursor, set the title,
/// or make the terminal type an answer. Colours end with the line.
std::string tamed(std::string_view line);

}  // namespace stack::cli
