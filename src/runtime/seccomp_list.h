// SPDX-License-Identifier: Apache-2.0
// Docker's default list of system calls, as data. What is not named here is denied. Calls that are
// judged by their arguments (socket, personality, clone, clone3) are in seccomp.cc.
#pragma once

#include <span>
#include <string_view>

namespace stack::runtime {

/// Calls that a capability of the container's set adds.
struct CapabilityCalls {
  std::string_view capability;
  std::span<const std::string_view> calls;
};

enum class NumberedOn { all, x86_64_only };

/// A call that libseccomp does not know by name.
struct NumberedCall {
  std::string_view name;
  unsigned number;
  NumberedOn on;
};

std::span<const std::string_view> always_allowed_calls();
std::span<const CapabilityCalls> calls_allowed_by_capability();
/// Ascending; the last one is the newest call that this program knows.
std::span<const NumberedCall> recent_calls();

}  // namespace stack::runtime
