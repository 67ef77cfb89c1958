// SPDX-License-Identifier: Apache-2.0
// Links, addresses and routes by rtnetlink, several messages a packet. Functions take namespaces as
// open descriptors and leave the calling thread in the namespace it was in.
#pragma once

#include <string>
#include <vector>

#include "network/namespaces.h"
#include "network/network_spec.h"

namespace stack::network {

/// MTU of the device of the default route; 1500 without one.
int uplink_mtu();

/// The uplink's end in the stack's namespace.
inline constexpr const char* stack_end_of_uplink = "uplink";

/// Ensures the veth pair host <-> stack namespace with addresses, the stack's default route, and on
/// the host the routes to `networks` (internal ones included: the host reaches every container).
/// Idempotent: routes to networks that are no more are removed, and an uplink of that name that
/// leads to another namespace is replaced. Throws Error, also when the host already has a route to
/// one of the subnets.
void ensure_uplink(const UplinkSpec& uplink, int stack_namespace,
                   const std::vector<NetworkSpec>& networks);

/// Ensures the bridge of one network inside the stack namespace. Idempotent.
void ensure_bridge(const NetworkSpec& network, const UplinkSpec& uplink, int stack_namespace);
/// Removes it; a missing one is fine.
void remove_bridge(const NetworkSpec& network, int stack_namespace);

/// Everything one container needs, in as few packets as possible: lo up, a veth pair per endpoint
/// with the peer made directly in `container_namespace`, port on the bridge, MAC, address, routes.
/// IPv6 stays off on these interfaces (::1 remains). Once per container: an interface of that name
/// already in it is an Error. What is made dies with the container's namespace.
void plug(const std::vector<EndpointSpec>& endpoints, const std::vector<NetworkSpec>& networks,
          const UplinkSpec& uplink, int stack_namespace, int container_namespace,
          const std::string& container_id);

}  // namespace stack::network
