// SPDX-License-Identifier: Apache-2.0
// The name that a compose file gives its project, without parsing the file: most commands need
// nothing else of it, and half of their time would be the parser's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stack::spec {

/// The plain value of `name:` at the top of a file, or "" when the file has no such key; nothing
/// when only a parser can tell. Looks at what begins lines: known keys without indentation, and
/// nothing else there, mean a block mapping whose keys these are (YAML 1.2, 8.2.2).
std::optional<std::string> quick_name(std::string_view yaml);

}  // namespace stack::spec
