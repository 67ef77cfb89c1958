// SPDX-License-Identifier: Apache-2.0
#include "network/links.h"

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/ids.h"
#include "network/addresses.h"
#include "network/link_requests.h"
#include "network/subnets.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

/// A link whose other end is in the stack's namespace; a stranger or a predecessor otherwise.
bool leads_to(NetlinkSocket& host, const LinkInfo& link, int stack_namespace) {
  return link.kind == "veth" && link.peer_nsid &&
         link.peer_nsid == find_nsid(host, stack_namespace);
}

void send_unless_gone(NetlinkSocket& socket, const Batch& batch) {
  for (const Refusal& refusal : socket.send(batch)) {
    // Gone meanwhile: its namespace was dying.
    if (refusal.error_number != ENODEV) throw_refusal(refusal);
  }
}

void remove_link(NetlinkSocket& socket, const LinkInfo& link, const std::string& name) {
  Batch batch;
  request_link_removal(batch, link.index, name);
  send_unless_gone(socket, batch);
}

/// A predecessor's, whose namespace the kernel is taking apart, goes with that some 50 ms later:
/// who removes it waits for as long, who renames it does not.
void free_name(NetlinkSocket& host, const LinkInfo& link, const std::string& name) {
  const bool goes_by_itself =
      link.kind == "veth" && link.peer_nsid && is_namespace_ending(host, *link.peer_nsid);
  if (!goes_by_itself) return remove_link(host, link, name);
  Batch batch;
  request_link_aside(batch, link.index, name);
  send_unless_gone(host, batch);
}

/// The host's end stays down: IPv6 has to be off before the interface first comes up, or it
/// announces itself.
LinkInfo make_uplink(NetlinkSocket& host, const UplinkSpec& uplink, int stack_namespace) {
  const VethEnd near{.name = uplink.host_interface,
                     .mac = mac_for(uplink.host_address),
                     .master = 0,
                     .network_namespace = std::nullopt};
  const VethEnd far{.name = stack_end_of_uplink,
                    .mac = mac_for(uplink.stack_address),
                    .master = 0,
                    .network_namespace = stack_namespace};
  fail_point("uplink.make");
  Batch batch;
  request_veth(batch, NearEnd::down, near, far, uplink.mtu,
               "making uplink " + uplink.host_interface);
  host.execute(batch);
  fail_point("uplink.settings");
  const std::string& name = uplink.host_interface;
  set_sysctl_if_exists(fmt::format("net/ipv6/conf/{}/disable_ipv6", name), "1");
  // Hairpin traffic leaves the way it came; telling the container of a shorter way would be wrong.
  set_sysctl(fmt::format("net/ipv4/conf/{}/send_redirects", name), "0");
  set_sysctl(fmt::format("net/ipv4/conf/{}/accept_redirects", name), "0");
  return get_link(host, name);
}

void ensure_mtu(NetlinkSocket& socket, const LinkInfo& link, int mtu) {
  if (link.mtu == mtu) return;
  Batch batch;
  request_mtu(batch, link.index, mtu, link.name);
  socket.execute(batch);
}

LinkInfo ensure_veth(NetlinkSocket& host, const UplinkSpec& uplink, int stack_namespace) {
  if (const auto present = find_link(host, uplink.host_interface)) {
    if (leads_to(host, *present, stack_namespace)) {
      ensure_mtu(host, *present, uplink.mtu);
      return *present;
    }
    free_name(host, *present, uplink.host_interface);
  }
  return make_uplink(host, uplink, stack_namespace);
}

/// Only differences are asked for: a route that is there is not replaced, because NLM_F_REPLACE
/// would just as well replace somebody else's to the same subnet.
template <typename Route, typename Net, typename Address>
void request_host_routes(Batch& batch, const std::vector<Route>& present, int device,
                         const std::string& name, Address gateway, const std::vector<Net>& wanted) {
  for (const Route& route : present) {
    if (std::ranges::find(wanted, route.destination) == wanted.end())
      request_route_removal(batch, device, route.destination, name);
  }
  for (const Net& subnet : wanted) {
    if (std::ranges::find(present, subnet, &Route::destination) == present.end())
      request_new_route(batch, device, subnet, gateway, name);
  }
}

std::vector<Subnet> subnets_of(const std::vector<NetworkSpec>& networks) {
  std::vector<Subnet> subnets;
  for (const NetworkSpec& network : networks)
    if (network.has_ipv4()) subnets.push_back(network.subnet);
  return subnets;
}

std::vector<Subnet6> subnets6_of(const std::vector<NetworkSpec>& networks) {
  std::vector<Subnet6> subnets;
  for (const NetworkSpec& network : networks)
    if (network.has_ipv6()) subnets.push_back(network.subnet6);
  return subnets;
}

void ensure_uplink6(const UplinkSpec& uplink, NetlinkSocket& host, const LinkInfo& near,
                    NetlinkSocket& inside, const LinkInfo& far, int stack_namespace,
                    const std::vector<NetworkSpec>& networks) {
  enable_ipv6(uplink.host_interface);
  {
    const InNamespace stack(stack_namespace);
    enable_ipv6(stack_end_of_uplink);
  }
  Batch batch;
  request_address(batch, near.index, *uplink.host_address6, subnet6_of(uplink)->prefix,
                  uplink.host_interface);
  request_host_routes(batch, list_own_routes6(host, near.index), near.index, uplink.host_interface,
                      *uplink.stack_address6, subnets6_of(networks));
  fail_point("uplink.addresses6");
  host.execute(batch);
  Batch far_batch;
  request_address(far_batch, far.index, *uplink.stack_address6, subnet6_of(uplink)->prefix,
                  stack_end_of_uplink);
  request_route(far_batch, far.index, everywhere6, *uplink.host_address6, stack_end_of_uplink);
  inside.execute(far_batch);
}

}  // namespace

void ensure_uplink(const UplinkSpec& uplink, int stack_namespace,
                   const std::vector<NetworkSpec>& networks) {
  NetlinkSocket host(NETLINK_ROUTE);
  const LinkInfo link = ensure_veth(host, uplink, stack_namespace);
  Batch near;
  request_address(near, link.index, uplink.host_address, subnet_of(uplink).prefix,
                  uplink.host_interface);
  request_link_up(near, link.index, uplink.host_interface);
  request_host_routes(near, list_own_routes(host, link.index), link.index, uplink.host_interface,
                      uplink.stack_address, subnets_of(networks));
  fail_point("uplink.addresses");
  host.execute(near);

  NetlinkSocket inside = route_socket_in(stack_namespace);
  const LinkInfo end = get_link(inside, stack_end_of_uplink);
  ensure_mtu(inside, end, uplink.mtu);
  Batch far;
  request_address(far, end.index, uplink.stack_address, subnet_of(uplink).prefix,
                  stack_end_of_uplink);
  request_link_up(far, end.index, stack_end_of_uplink);
  request_route(far, end.index, everywhere, uplink.host_address, stack_end_of_uplink);
  fail_point("uplink.inside");
  inside.execute(far);
  if (uplink.host_address6)
    ensure_uplink6(uplink, host, link, inside, end, stack_namespace, networks);

  Batch settling;
  request_link_settled(settling, uplink.host_interface);
  fail_point("uplink.settle");
  host.execute(settling);
}

int mtu_of(const NetworkSpec& network, const UplinkSpec& uplink) {
  return network.mtu == 0 ? uplink.mtu : network.mtu;
}

namespace {

/// Above all that the kernel chooses by itself, so that it is known before the link is made.
int bridge_index(const std::string& name) {
  return static_cast<int>((1U << 30) + stable_hash(name) % (1U << 30));
}

std::string bridge_mac(const NetworkSpec& network) {
  return mac_for(
      {network.has_ipv4() ? std::optional(network.gateway) : std::nullopt, network.gateway6});
}

void request_gateways(Batch& batch, int index, const NetworkSpec& network, int stack_namespace) {
  if (network.has_ipv4())
    request_address(batch, index, network.gateway, network.subnet.prefix, network.bridge);
  if (!network.has_ipv6()) return;
  const InNamespace inside(stack_namespace);
  enable_ipv6(network.bridge);
  request_address(batch, index, network.gateway6, network.subnet6.prefix, network.bridge);
}

/// All of a network in one packet. False when its name or index is taken. Not for IPv6, which has
/// to be switched on for the link first.
bool make_at_once(NetlinkSocket& socket, const NetworkSpec& network, int mtu) {
  const int index = bridge_index(network.bridge);
  Batch batch;
  request_bridge(batch, index, network.bridge, bridge_mac(network), mtu);
  request_address(batch, index, network.gateway, network.subnet.prefix, network.bridge);
  const auto refusals = socket.send(batch);
  if (refusals.empty()) return true;
  const bool taken = refusals.front().index == 0 && refusals.front().error_number == EEXIST;
  if (!taken) throw_refusal(refusals.front());
  return false;
}

}  // namespace

void ensure_bridge(const NetworkSpec& network, const UplinkSpec& uplink, int stack_namespace) {
  NetlinkSocket socket = route_socket_in(stack_namespace);
  const int mtu = mtu_of(network, uplink);
  if (!network.has_ipv6() && make_at_once(socket, network, mtu)) return;
  Batch making;
  request_bridge(making, 0, network.bridge, bridge_mac(network), mtu);
  fail_point("bridge.make");
  for (const Refusal& refusal : socket.send(making)) {
    if (refusal.error_number != EEXIST) throw_refusal(refusal);
  }
  const LinkInfo bridge = get_link(socket, network.bridge);
  ensure_mtu(socket, bridge, mtu);
  Batch batch;
  request_gateways(batch, bridge.index, network, stack_namespace);
  fail_point("bridge.addresses");
  request_link_up(batch, bridge.index, network.bridge);
  socket.execute(batch);
}

void settle_virtual_addresses(const NetworkSpec& network, const std::vector<IpAddress>& held,
                              const std::vector<IpAddress>& dropped, int stack_namespace) {
  NetlinkSocket socket = route_socket_in(stack_namespace);
  const int bridge = get_link(socket, network.bridge).index;
  Batch batch;
  for (const IpAddress& address : dropped)
    request_address_removal(batch, bridge, address, network.bridge);
  for (const IpAddress& address : held)
    std::visit([&](auto each) { request_virtual_address(batch, bridge, each, network.bridge); },
               address);
  for (const Refusal& refusal : socket.send(batch))
    if (refusal.error_number != EADDRNOTAVAIL) throw_refusal(refusal);  // it had gone already
}

namespace {

using LinksByName = std::map<std::string, LinkInfo>;

LinksByName links_by_name(NetlinkSocket& socket) {
  LinksByName links;
  for (LinkInfo& link : list_links(socket)) {
    std::string name = link.name;
    links.emplace(std::move(name), std::move(link));
  }
  return links;
}

void request_restored_port(Batch& batch, const LinkInfo& port, const NetworkSpec& network,
                           const LinksByName& links, int mtu) {
  const auto bridge = links.find(network.bridge);
  if (bridge == links.end()) fail("bridge {} is missing", network.bridge);
  if (port.master != bridge->second.index || !port.up) {
    request_master(batch, port.index, bridge->second.index, port.name);
    if (!network.icc) request_isolation(batch, port.name);
    request_link_settled(batch, port.name);
  }
  if (port.mtu != mtu) request_mtu(batch, port.index, mtu, port.name);
}

}  // namespace

std::vector<PortPlace> restore_ports(const std::vector<PortPlace>& ports,
                                     const std::vector<NetworkSpec>& networks,
                                     const UplinkSpec& uplink, int stack_namespace) {
  NetlinkSocket socket = route_socket_in(stack_namespace);
  const LinksByName links = links_by_name(socket);
  std::vector<PortPlace> missing;
  Batch batch;
  for (const PortPlace& place : ports) {
    const auto network = std::ranges::find(networks, place.network, &NetworkSpec::name);
    if (network == networks.end()) continue;
    const auto port = links.find(place.name);
    if (port == links.end()) {
      missing.push_back(place);
    } else {
      request_restored_port(batch, port->second, *network, links, mtu_of(*network, uplink));
    }
  }
  socket.execute(batch);
  return missing;
}

std::map<std::string, std::string> find_ports(int stack_namespace, int container_namespace) {
  NetlinkSocket stack = route_socket_in(stack_namespace);
  NetlinkSocket container = route_socket_in(container_namespace);
  std::map<std::string, std::string> ports;
  for (const LinkInfo& inside : list_links(container)) {
    if (!leads_to(container, inside, stack_namespace)) continue;
    if (const auto port = find_link(stack, inside.peer_index)) ports[inside.name] = port->name;
  }
  return ports;
}

void set_container_mtus(const std::map<std::string, int>& mtus, int container_namespace) {
  NetlinkSocket container = route_socket_in(container_namespace);
  for (const auto& [name, mtu] : mtus) {
    if (const auto link = find_link(container, name)) ensure_mtu(container, *link, mtu);
  }
}

void remove_bridge(const NetworkSpec& network, int stack_namespace) {
  NetlinkSocket socket = route_socket_in(stack_namespace);
  const auto bridge = find_link(socket, network.bridge);
  if (bridge) remove_link(socket, *bridge, network.bridge);
}

}  // namespace stack::network
