// SPDX-License-Identifier: Apache-2.0
// Limits of processes by name, and what the machine lets us set.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string_view>

namespace stack::runtime {

/// RLIMIT_NOFILE of "nofile"; nothing for a name that does not exist (getrlimit(2)).
std::optional<int> rlimit_resource(std::string_view name);
/// -1 is RLIM_INFINITY.
rlim_t rlimit_value(std::int64_t value);
/// Whether the kernel runs AppArmor.
bool has_apparmor();

}  // namespace stack::runtime
