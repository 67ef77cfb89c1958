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
/// The lowest free address of `subnet` above the gateway; network, broadcast and `taken` are
/// skipped. Throws Error when none is free.
Ipv4 choose_address(const Subnet& subnet, Ipv4 gateway, const std::set<Ipv4>& taken);
/// "02:42:" and the four bytes of the address, as docker makes them.
std::string mac_for(Ipv4 address);

/// Every subnet that a new one must not overlap: the host's addresses and routes of all tables
/// except default ones. Reads rtnetlink of the current namespace.
std::vector<Subnet> subnets_in_use();

}  // namespace stack::network
