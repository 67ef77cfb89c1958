// SPDX-License-Identifier: Apache-2.0
// The kernel decides where a flow goes by its first packet and remembers it for as long as packets
// come. UDP has no end of its own: a client that keeps asking would be sent to a container that is
// no more, or past one that has just published the port. So what is remembered wrongly is
// forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "network/firewall.h"

namespace stack::network {

/// A flow as the kernel remembers it; its addresses are of one family.
struct Flow {
  std::string protocol;  ///< udp, sctp
  IpAddress from;        ///< whoever began it
  std::uint16_t from_port = 0;
  IpAddress to;  ///< whom that one addresses
  std::uint16_t to_port = 0;
  IpAddress answerer;  ///< who answers, after translation
  std::uint16_t answerer_port = 0;
  bool operator==(const Flow&) const = default;
};

/// Those of a stack's networks.
struct StackSubnets {
  std::vector<Subnet> v4{};
  std::vector<Subnet6> v6{};
};

/// True when it goes elsewhere than a new one would. `own`: the host's addresses. `subnets`: of the
/// stack's networks, past ones included.
bool is_stale(const Flow& flow, const std::vector<PublishedPort>& published,
              const std::set<IpAddress>& own, const StackSubnets& subnets);

/// The ports of protocols without connections that are in one of the two only, or mean another
/// container; each once.
std::vector<PublishedPort> moved_ports(const std::vector<PublishedPort>& before,
                                       const std::vector<PublishedPort>& now);

/// Makes the thread's namespace forget stale flows to ports that differ between `before` and `now`.
void forget_stale_flows(const FirewallSpec& before, const FirewallSpec& now);

/// Where virtual addresses lead to no more: who is left out of one of them, or of all.
using LostTargets = std::map<IpAddress, std::set<IpAddress>>;  ///< by virtual address
LostTargets lost_targets(const std::vector<VirtualAddress>& before,
                         const std::vector<VirtualAddress>& now);
/// Makes the thread's namespace, a stack's, forget flows of all protocols that lead to them. Of
/// TCP, too: what a client still sends is answered by a reset then, and not by nobody.
void forget_flows_to(const LostTargets& lost);

}  // namespace stack::network
