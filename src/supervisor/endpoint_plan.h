// SPDX-License-Identifier: Apache-2.0
// How a container sits in its networks: names of its interfaces, hardware addresses, and which of
// them has the default route. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/container_config.h"

namespace stack::supervisor {

using Addresses = std::map<std::string, network::DualAddress>;  ///< by network name
/// Nothing for a network that is not known here.
using FindNetwork = std::function<const network::NetworkSpec*(const std::string& name)>;

/// Those of `endpoints` that have an address, in their order. The default route of each family is
/// that of the highest gw_priority, of equals of the first by name; internal networks have none.
std::vector<network::EndpointSpec> plan_endpoints(const std::vector<Endpoint>& endpoints,
                                                  const Addresses& addresses,
                                                  const FindNetwork& find);

/// The endpoint that has the default route if it has an address: by the same rank. Null when there
/// is none whose network is known.
const Endpoint* leading_endpoint(const std::vector<Endpoint>& endpoints, const FindNetwork& find);

/// What the endpoint's interface is given: what the file fixes, or else what follows from the
/// address.
std::string mac_of(const Endpoint& endpoint, const network::DualAddress& address);

/// The container's address in the network with the default route, for each family; in an internal
/// one when it is in no other.
network::DualAddress main_address(const std::vector<Endpoint>& endpoints,
                                  const Addresses& addresses, const FindNetwork& find);

/// How published ports lead into a container.
struct WayIn {
  network::DualAddress address;  ///< where they lead
  std::string binding;           ///< NetworkSpec::host_binding of that network
};

/// By the bridge that has the default route, for each family; nothing for a container that is in no
/// network but internal ones and those without a bridge.
std::optional<WayIn> way_in(const std::vector<Endpoint>& endpoints, const Addresses& addresses,
                            const FindNetwork& find);

}  // namespace stack::supervisor
