// SPDX-License-Identifier: Apache-2.0
// Text and bytes: stack files must be UTF-8, while env files and the caller's variables may hold
// anything.
#pragma once

#include <string>
#include <string_view>

namespace stack::spec {

/// `text` with U+FFFD for each byte that belongs to no well-formed sequence.
std::string as_utf8(std::string_view text);

}  // namespace stack::spec
