// SPDX-License-Identifier: Apache-2.0
// The container's side of its networks: addresses, routes, settings of its interfaces.
#pragma once

#include <vector>

#include "network/netlink.h"
#include "network/network_spec.h"

namespace stack::network {

/// An endpoint with what it is an endpoint of.
struct Seat {
  const EndpointSpec* endpoint;
  const NetworkSpec* network;
};

/// An internal network leads nowhere; the host appears in it as the gateway, a neighbour.
void request_default_routes(Batch& batch, int index, const EndpointSpec& endpoint,
                            const NetworkSpec& network);

/// Sends it again, for some seconds, as long as one request is refused with `taken`. On a device of
/// the host, what a predecessor of the container had is free when its namespace has been taken
/// down, which the kernel does a little after its last process. Returns what is refused for good.
std::vector<Refusal> send_when_free(NetlinkSocket& socket, const Batch& batch, int taken);

/// `container` speaks to the namespace `container_namespace`, in which the seats' interfaces are
/// already, still down.
void configure_inside(NetlinkSocket& container, int container_namespace,
                      const std::vector<Seat>& seats);

}  // namespace stack::network
