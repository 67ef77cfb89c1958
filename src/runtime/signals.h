// SPDX-License-Identifier: Apache-2.0
// Signals by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stack::runtime {

/// "SIGTERM", "term", "15", "SIGRTMIN+3" to its number.
std::optional<int> signal_number(std::string_view name);
/// "SIGTERM"; "SIGRTMIN+3".
std::string signal_name(int number);

}  // namespace stack::runtime
