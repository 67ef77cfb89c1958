// SPDX-License-Identifier: Apache-2.0
// Links, addresses and routes by rtnetlink, several messages a packet. Functions take namespaces as
// open descriptors and leave the calling thread in the namespace it was in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "network/namespaces.h"
#include "network/network_spec.h"
#include "network/port_lock.h"

namespace stack::network {

/// MTU of the device of the default route, or of what overrides it (0.0.0.0/1); 1500 without one.
int uplink_mtu();

/// Whether this machine speaks IPv6 at all.
bool has_ipv6();

/// The uplink's end in the stack's namespace.
inline constexpr const char* stack_end_of_uplink = "uplink";

/// Ensures the veth pair host <-> stack namespace with addresses, the stack's default route, and on
/// the host the routes to `networks` (internal ones included: the host reaches every container).
/// Idempotent: routes to networks that are no more are removed, and an uplink of that name that
/// leads to another namespace is replaced. Throws Error, also when the host already has a route to
/// one of the subnets.
void ensure_uplink(const UplinkSpec& uplink, int stack_namespace,
                   const std::vector<NetworkSpec>& networks);

/// What its packets may measure: what the file says, or else as much as the uplink's.
int mtu_of(const NetworkSpec& network, const UplinkSpec& uplink);
/// Ensures the bridge of one network inside the stack namespace, with that MTU. Idempotent.
void ensure_bridge(const NetworkSpec& network, const UplinkSpec& uplink, int stack_namespace);
/// Gives the network's bridge the virtual addresses `held` and takes `dropped` from it, each as far
/// as it is not so already.
void settle_virtual_addresses(const NetworkSpec& network, const std::vector<IpAddress>& held,
                              const std::vector<IpAddress>& dropped, int stack_namespace);
/// A port of a bridge in the stack's namespace.
struct PortPlace {
  std::string name;
  std::string network;  ///< NetworkSpec::name
  auto operator<=>(const PortPlace&) const = default;
};
/// Puts ports back onto their bridges, up and with their network's MTU, wherever they are not.
/// Returns those that are no more.
std::vector<PortPlace> restore_ports(const std::vector<PortPlace>& ports,
                                     const std::vector<NetworkSpec>& networks,
                                     const UplinkSpec& uplink, int stack_namespace);
/// The names of the ports that interfaces of a container lead to, by interface.
std::map<std::string, std::string> find_ports(int stack_namespace, int container_namespace);
/// By interface; those that are not there are left out.
void set_container_mtus(const std::map<std::string, int>& mtus, int container_namespace);

/// Removes it; a missing one is fine.
void remove_bridge(const NetworkSpec& network, int stack_namespace);

/// Locks ports of one container, in the order of its endpoints, before anything comes in by them.
/// Called in the stack's namespace.
using LockPorts = std::function<void(const std::vector<PortLock>& locks)>;

/// Everything one container needs, in as few packets as possible: lo up, a veth pair per endpoint
/// (a macvlan or ipvlan interface in networks of that kind) with the peer made directly in
/// `container_namespace`, port on the bridge, locked, MAC, addresses, routes. IPv6 stays off on
/// interfaces that have no address of it (::1 remains). Once per container: an interface of that
/// name already in it is an Error. What is made dies with the container's namespace.
void plug(const std::vector<EndpointSpec>& endpoints, const std::vector<NetworkSpec>& networks,
          const UplinkSpec& uplink, int stack_namespace, int container_namespace,
          const std::string& container_id, const LockPorts& lock);

/// False in a namespace that has just been made.
bool has_bridge(const NetworkSpec& network, int stack_namespace);

/// Takes an interface from a container, and with it its port on the bridge; a missing one is fine.
void unplug(int container_namespace, const std::string& interface);
/// The container's default routes, as far as they are the endpoint's, from here on.
void lead_out_by(int container_namespace, const EndpointSpec& endpoint, const NetworkSpec& network);

}  // namespace stack::network
