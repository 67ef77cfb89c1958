// SPDX-License-Identifier: Apache-2.0
// Links, addresses and routes by rtnetlink, several messages a packet. Functions take namespaces as
// open descriptors and leave the calling thread in the namespace it was in.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "network/network_spec.h"

namespace stack::network {

/// Makes a new network namespace with `lo` up, IPv4 forwarding on, bridge-nf-call off, and returns
/// its descriptor. The caller's own namespace is unchanged.
Fd make_namespace();

/// MTU of the device of the default route; 1500 without one.
int uplink_mtu();

/// Ensures the veth pair host <-> stack namespace with addresses, the stack's default route, and on
/// the host the routes to `networks` (internal ones included: the host reaches every container).
/// Idempotent; an uplink of that name whose other end died is replaced.
void ensure_uplink(const UplinkSpec& uplink, int stack_namespace,
                   const std::vector<NetworkSpec>& networks);

/// Ensures the bridge of one network inside the stack namespace. Idempotent.
void ensure_bridge(const NetworkSpec& network, const UplinkSpec& uplink, int stack_namespace);
/// Removes it; a missing one is fine.
void remove_bridge(const NetworkSpec& network, int stack_namespace);

/// Everything one container needs, in as few packets as possible: lo up, a veth pair per endpoint
/// with the peer made directly in `container_namespace`, port on the bridge, MAC, address, routes.
void plug(const std::vector<EndpointSpec>& endpoints, const std::vector<NetworkSpec>& networks,
          const UplinkSpec& uplink, int stack_namespace, int container_namespace,
          const std::string& container_id);

/// Runs `work` with the calling thread inside `network_namespace` and comes back, also by
/// exception.
class InNamespace {
 public:
  explicit InNamespace(int network_namespace);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  Fd home_;
};

}  // namespace stack::network
