// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace stack {

/// Length of the well-formed UTF-8 sequence at `at` (RFC 3629: none that is overlong, a surrogate
/// or beyond U+10FFFF), or 0.
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace stack
