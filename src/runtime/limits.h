// SPDX-License-Identifier: Apache-2.0
// Limits of processes by name, and what the machine lets us set.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace stack::runtime {

struct NamedLimit {
  std::string_view name;  ///< "nofile"
  int resource;           ///< RLIMIT_NOFILE
};
/// All of getrlimit(2), by name.
std::span<const NamedLimit> named_limits();
/// RLIMIT_NOFILE of "nofile"; nothing for a name that does not exist (getrlimit(2)).
std::optional<int> rlimit_resource(std::string_view name);
/// -1 is RLIM_INFINITY.
rlim_t rlimit_value(std::int64_t value);
/// Whether the kernel runs AppArmor.
bool has_apparmor();

}  // namespace stack::runtime
