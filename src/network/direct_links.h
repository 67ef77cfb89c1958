// SPDX-License-Identifier: Apache-2.0
// Networks of kind macvlan and ipvlan: no bridge, each container sits on a device of the host (the
// parent) under an address of its own.
#pragma once

#include <string>

#include "network/inside.h"
#include "network/netlink.h"

namespace stack::network {

/// "eth0.50": VLAN 50 of eth0. Nothing for a name that says no such thing.
struct VlanName {
  std::string device;
  int id = 0;
};
std::optional<VlanName> parse_vlan(const std::string& parent);

/// Whether this machine has the parent, or the device of which it is a VLAN.
bool has_parent(const NetworkSpec& network);

/// Whether this kernel knows interfaces of that kind (macvlan, ipvlan); loads what it has for them.
bool has_driver(NetworkKind kind);
/// "macvlan", "ipvlan".
const char* driver_name(NetworkKind kind);

/// Ensures what the network's containers sit on. A device that the host has is left as it is. A
/// VLAN that it has not is made in the stack's namespace, and so is the cable to nowhere that an
/// internal network without a parent has: both go with that namespace, or by remove_bridge().
/// Throws Error where there is no such device.
void ensure_parent(const NetworkSpec& network, int stack_namespace);

/// Makes the container's interface in `container_namespace`, down, without addresses. `host` and
/// `stack` speak to those namespaces.
void make_direct_link(const Seat& seat, NetlinkSocket& host, NetlinkSocket& stack,
                      int container_namespace);

}  // namespace stack::network
