// SPDX-License-Identifier: Apache-2.0
// Linux capabilities by name and as the bit sets that the kernel takes (capabilities(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace stack::runtime {

/// Bit n stands for capability number n, as in /proc/PID/status.
using CapabilityBits = std::uint64_t;

/// "chown", "CAP_CHOWN" to "CHOWN"; nothing for a name that Linux does not have.
std::optional<std::string> canonical_capability(std::string_view name);
/// Bits of canonical names. Throws Error on an unknown one.
CapabilityBits capability_bits(const std::set<std::string>& names);
/// Canonical names of the bits; bits without a name are left out.
std::set<std::string> capability_names(CapabilityBits bits);
/// The calling process's bounding set: what this machine can give at all.
CapabilityBits own_bounding_set();
/// The calling process's effective set: what it may do itself.
CapabilityBits own_effective_set();
/// Number of the last capability that the project knows.
int last_known_capability();

}  // namespace stack::runtime
