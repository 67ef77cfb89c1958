// SPDX-License-Identifier: Apache-2.0
// Decimal fractions. Here and not by std::from_chars() and std::llround(), for which every command,
// keeper and supervisor would load libm (docs/performance.md, "What was learnt").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stack {

/// "1.5", "2", "-1e3": decimal digits with at most one sign, point and exponent. Nothing for all
/// else, and for what a double cannot hold.
std::optional<double> parse_number(std::string_view text);

enum class Notation { fixed, scientific };
/// The shortest decimal fraction that is `value` again when it is read, as std::to_chars() has it:
/// "1500000", or "1.5e+06". `value` is finite.
std::string shortest_text(double value, Notation notation);

/// The integer nearest to `value`, which is neither negative nor beyond 2^52; halves go up.
constexpr std::int64_t rounded(double value) {
  return static_cast<std::int64_t>(value + 0.5);
}

}  // namespace stack
