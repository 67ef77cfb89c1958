// SPDX-License-Identifier: Apache-2.0
// Text and bytes: stack files must be UTF-8, while env files and the caller's variables may hold
// anything.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stack::spec {

/// Length of the well-formed UTF-8 sequence at `at`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at);
/// `text` with U+FFFD for each byte that belongs to no such sequence.
std::string as_utf8(std::string_view text);

}  // namespace stack::spec
