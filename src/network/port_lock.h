// SPDX-License-Identifier: Apache-2.0
// Who a container may be on its networks. Inside a bridge nobody but us stands between neighbours:
// with a raw socket one could answer ARP for another, take its MAC address or send in its name. So
// each port of a bridge lets only frames in that carry its own container's addresses: table `bridge
// stack` in the stack's namespace, where no container has a say, not even one with NET_ADMIN.
#pragma once

#include <string>
#include <vector>

#include "network/netlink.h"
#include "network/network_spec.h"

namespace stack::network {

/// A port of a bridge and what may come in by it.
struct PortLock {
  std::string port;  ///< interface in the stack's namespace
  std::string mac;   ///< "02:42:..."
  std::vector<Ipv4> addresses;
  std::vector<Ipv6> addresses6;
  bool operator==(const PortLock&) const = default;
};

/// For the port of `endpoint`: its addresses, those of the link only included.
PortLock lock_of(const std::string& port, const EndpointSpec& endpoint);

/// One element of a set of the table.
struct LockElement {
  std::string set;
  std::string port;
  std::string mac;
  IpAddress address;
  bool operator==(const LockElement&) const = default;
};
std::vector<LockElement> elements_of(const PortLock& lock);
/// As nft reads it, and as the kernel has it: each part padded to four bytes.
std::string to_text(const LockElement& element);
std::string key_of(const LockElement& element);

/// The table, whole, as an nft script.
std::string bridge_ruleset(const std::vector<PortLock>& ports);

/// Adds and removes locks of the table that is there, in one transaction of the socket's namespace
/// (NETLINK_NETFILTER), and nothing else of it. Throws Error when the table, or a lock to be
/// removed, is missing.
void change_locks(NetlinkSocket& socket, const std::vector<PortLock>& added,
                  const std::vector<PortLock>& removed);

}  // namespace stack::network
