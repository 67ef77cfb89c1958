// SPDX-License-Identifier: Apache-2.0
// What the routes of the host say to a new network: how large its packets may be, and where it may
// not lie.
#include <algorithm>
#include <map>

#include "network/link_requests.h"
#include "network/links.h"
#include "network/subnets.h"
#include "network/sysctl.h"

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

/// Not loopback, not of one link only, not of groups.
bool is_global(const Subnet6& subnet) {
  const Ipv6 address = subnet.address;
  return !is_link_local(address) && address.high >> 56 != 0xff && address != Ipv6{0, 1} &&
         address != Ipv6{};
}

bool occupies_a_subnet(const Route6Info& route) {
  // 2000::/3 is another spelling of "everything".
  if (route.destination.prefix <= 3 || !is_global(route.destination)) return false;
  return route.type != RTN_LOCAL && route.type != RTN_ANYCAST && route.type != RTN_MULTICAST;
}

/// Names of devices, each asked for once.
class Interfaces {
 public:
  explicit Interfaces(NetlinkSocket& socket) : socket_(socket) {}

  UsedSubnet used(const char* way, const Subnet& subnet, const Subnet6& subnet6, int device) {
    const std::string name = name_of(device);
    return {subnet, subnet6, name, way + (name.empty() ? "nothing" : name)};
  }

 private:
  std::string name_of(int device) {
    if (device == 0) return "";
    const auto [known, is_new] = names_.try_emplace(device);
    if (is_new) {
      const auto link = find_link(socket_, device);
      if (link) known->second = link->name;
    }
    return known->second;
  }

  NetlinkSocket& socket_;
  std::map<int, std::string> names_;
};

}  // namespace

int uplink_mtu() {
  NetlinkSocket socket(NETLINK_ROUTE);
  auto routes = list_routes(socket);
  std::erase_if(routes, [](const RouteInfo& r) {
    return !is_default(r) || r.type != RTN_UNICAST || r.table != RT_TABLE_MAIN;
  });
  const auto preferred = std::ranges::min_element(
      routes, {}, [](const RouteInfo& r) { return std::pair(-r.destination.prefix, r.metric); });
  if (preferred == routes.end()) return ethernet_mtu;
  const auto link = find_link(socket, preferred->device);
  return link ? link->mtu : ethernet_mtu;
}

std::vector<UsedSubnet> used_subnets() {
  NetlinkSocket socket(NETLINK_ROUTE);
  Interfaces interfaces(socket);
  std::vector<UsedSubnet> used;
  for (const auto& [subnet, device] : list_address_subnets(socket))
    if (!loopback.contains(subnet.address))
      used.push_back(interfaces.used("an address on ", subnet, {}, device));
  for (const RouteInfo& route : list_routes(socket))
    if (occupies_a_subnet(route))
      used.push_back(interfaces.used("a route over ", route.destination, {}, route.device));
  for (const auto& [subnet, device] : list_address_subnets6(socket))
    if (is_global(subnet)) used.push_back(interfaces.used("an address on ", {}, subnet, device));
  for (const Route6Info& route : list_routes6(socket))
    if (occupies_a_subnet(route))
      used.push_back(interfaces.used("a route over ", {}, route.destination, route.device));
  std::erase_if(used, [](const UsedSubnet& each) { return each.interface.starts_with(aside); });
  return used;
}

std::vector<Subnet> subnets_in_use() {
  std::vector<Subnet> subnets;
  for (const UsedSubnet& used : used_subnets())
    if (used.subnet.prefix != 0) subnets.push_back(used.subnet);
  std::ranges::sort(subnets);
  subnets.erase(std::unique(subnets.begin(), subnets.end()), subnets.end());
  return subnets;
}

bool has_ipv6() {
  return get_sysctl("net/ipv6/conf/all/disable_ipv6") == "0";
}

}  // namespace stack::network
