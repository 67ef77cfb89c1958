// SPDX-License-Identifier: Apache-2.0
// What this machine has to say about the networks of a file, before any of them is made.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "orchestrator/preflight.h"
#include "supervisor/subnet_holders.h"

namespace stack::orchestrator {

/// All that the file alone shows to be wrong (lower_network.h), at its places.
HostFindings check_network_options(const DesiredState& desired);

/// The world as far as networks that are to be made depend on it.
struct NetworkWorld {
  std::vector<supervisor::SubnetHolder> holders;
  bool has_ipv6 = true;
  std::set<std::string> missing_devices{};  ///< that networks are to lie on
};
NetworkWorld observe_network_world(const HostPaths& paths, const DesiredState& desired);

/// Subnets that others have, fixed addresses that others have, IPv6 on a machine without it.
std::vector<Problem> check_network_world(const DesiredState& desired, const ObservedState& observed,
                                         const Changes& changes, const NetworkWorld& world);

}  // namespace stack::orchestrator
