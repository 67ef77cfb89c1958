// SPDX-License-Identifier: Apache-2.0
// What containers print, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace stack::cli {

/// Appends `line` to `to` with everything made visible (\x1b) that drives a terminal: C0 and C1
/// control characters, as bytes and as UTF-8, and DEL. Tabs and colours (SGR: ESC [ numbers m)
/// stay, and so does a carriage return at the very end, where it does nothing.
void append_for_terminal(std::string& to, std::string_view line);

}  // namespace stack::cli
