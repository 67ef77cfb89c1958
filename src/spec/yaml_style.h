// SPDX-License-Identifier: Apache-2.0
// How text stands in a YAML file: plain where every reader takes it for this text, else in quotes
// or as a block of lines. The choice is docker compose's, so that the output of both can be
// compared line by line; only what a reader of YAML 1.1 would take for something else is quoted
// besides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stack::spec {

/// What stands behind "key: " or "- ". Lines of a block begin with `indent` spaces; there is no
/// newline behind the last one. `text` must be UTF-8.
std::string yaml_value(std::string_view text, std::size_t indent);
/// The same in front of a colon: in one line.
std::string yaml_key(std::string_view text);

}  // namespace stack::spec
