// SPDX-License-Identifier: Apache-2.0
// What this machine has to say about the networks of a file, before any of them is made.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "network/network_spec.h"
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
  /// Networks that are not of the stack, and in which it has fixed addresses; by name. Leases are
  /// those of whoever keeps them.
  std::map<std::string, supervisor::ObservedNetwork> outside{};
  std::set<network::NetworkKind> missing_drivers{};
};
NetworkWorld observe_network_world(const HostPaths& paths, const DesiredState& desired,
                                   const Changes& changes);

/// Subnets that others have, fixed addresses that others have or that are no container's, IPv6 on a
/// machine without it. What `plan` removes has no address any more when they start.
std::vector<Problem> check_network_world(const DesiredState& desired, const ObservedState& observed,
                                         const Changes& changes, const NetworkWorld& world,
                                         const Plan& plan = {});

}  // namespace stack::orchestrator
