// SPDX-License-Identifier: Apache-2.0
// Address management, pure: given what is in use, choose. Pools: networks get /20s out of
// 172.16.0.0/12, then /24s out of 192.168.0.0/16, then /20s out of 10.128.0.0/9; uplinks get /30s.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "network/network_spec.h"

namespace stack::network {

/// A free subnet for a network: the first of the pools, starting at a place that depends on
/// `seed` (project and network name), that overlaps none of `taken`. Throws Error when all are
/// taken.
Subnet choose_subnet(std::span<const Subnet> taken, std::uint64_t seed);
/// A free /30 for an uplink: host end first address, stack end second.
Subnet choose_uplink(std::span<const Subnet> taken, std::uint64_t seed);
/// A free /64 out of the stack's own fdXX:XXXX:XXXX::/48, which follows from `stack_id` (RFC 4193);
/// where in it depends on `seed`.
Subnet6 choose_subnet6(std::span<const Subnet6> taken, std::uint64_t stack_seed,
                       std::uint64_t seed);
/// The /126 of the stack's uplink: the last /64 of the same range, which no network gets.
Subnet6 uplink_subnet6(std::uint64_t stack_seed);

/// What lies between the two ends of an uplink.
Subnet subnet_of(const UplinkSpec& uplink);
/// The same of IPv6; nothing while it has none.
std::optional<Subnet6> subnet6_of(const UplinkSpec& uplink);

/// What of this machine lies in a subnet.
struct UsedSubnet {
  Subnet subnet;    ///< prefix 0: it is one of IPv6
  Subnet6 subnet6;  ///< prefix 0: it is one of IPv4
  std::string interface;
  std::string way;  ///< "a route over eth0"
};
/// Every subnet that a new one must not overlap: the host's addresses and routes of all tables
/// except default ones. Reads rtnetlink of the current namespace.
std::vector<UsedSubnet> used_subnets();
/// Those of IPv4, sorted, each once.
std::vector<Subnet> subnets_in_use();

}  // namespace stack::network
