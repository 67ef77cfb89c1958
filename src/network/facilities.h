// SPDX-License-Identifier: Apache-2.0
// What networks need of this machine, tried out rather than looked up: `stack doctor` prints it.
#pragma once

#include <string>
#include <vector>

namespace stack::network {

enum class FacilityState {
  ok,
  degraded,  ///< works, but the user should know something
  missing,   ///< networks cannot work
};

/// One thing that was looked at.
struct Facility {
  std::string name;  ///< "bridge", "nftables", ...
  FacilityState state = FacilityState::ok;
  std::string detail;  ///< what was found
  std::string cure;    ///< what to do; empty when there is nothing to do
};

/// Tries the kernel's parts in a network namespace of its own, and reads the host's firewall.
/// Changes nothing on the host; needs root, and says so where it is missing. Never throws.
std::vector<Facility> facilities();

}  // namespace stack::network
