// SPDX-License-Identifier: Apache-2.0
// What the routes of the host say to a new network: how large its packets may be, and where it may
// not lie.
#include <algorithm>

#include "network/link_requests.h"
#include "network/links.h"
#include "network/subnets.h"

namespace stack::network {
namespace {

constexpr int ethernet_mtu = 1500;
constexpr Subnet loopback{{127u << 24}, 8};

// 0.0.0.0/1 and 128.0.0.0/1 are how VPNs override the default route without touching it.
bool is_default(const RouteInfo& route) {
  return route.destination.prefix <= 1;
}

/// Of the `local` table's entries only whole subnets count: the rest are the host's own addresses,
/// which list_address_subnets() tells with their subnets.
bool occupies_a_subnet(const RouteInfo& route) {
  if (is_default(route) || loopback.contains(route.destination.address)) return false;
  switch (route.type) {
    case RTN_UNICAST:
    case RTN_BLACKHOLE:
    case RTN_UNREACHABLE:
    case RTN_PROHIBIT:
    case RTN_THROW:
      return true;
    case RTN_LOCAL:
      return route.destination.prefix < 32;
    default:
      return false;  // broadcast, multicast, anycast
  }
}

}  // namespace

int uplink_mtu() {
  NetlinkSocket socket(NETLINK_ROUTE);
  auto routes = list_routes(socket);
  std::erase_if(routes, [](const RouteInfo& r) {
    return r.destination.prefix != 0 || r.type != RTN_UNICAST || r.table != RT_TABLE_MAIN;
  });
  const auto preferred = std::ranges::min_element(routes, {}, &RouteInfo::metric);
  if (preferred == routes.end()) return ethernet_mtu;
  const auto link = find_link(socket, preferred->device);
  return link ? link->mtu : ethernet_mtu;
}

std::vector<Subnet> subnets_in_use() {
  NetlinkSocket socket(NETLINK_ROUTE);
  std::vector<Subnet> subnets = list_address_subnets(socket);
  for (const RouteInfo& route : list_routes(socket)) {
    if (occupies_a_subnet(route)) subnets.push_back(route.destination);
  }
  std::erase_if(subnets, [](const Subnet& s) { return loopback.contains(s.address); });
  std::ranges::sort(subnets);
  subnets.erase(std::unique(subnets.begin(), subnets.end()), subnets.end());
  return subnets;
}

}  // namespace stack::network
