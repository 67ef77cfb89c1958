// SPDX-License-Identifier: Apache-2.0
#include "network/links.h"

#include <algorithm>

#include "base/error.h"
#include "network/link_requests.h"
#include "network/subnets.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr int uplink_prefix = 30;
constexpr Subnet everywhere{};

NetlinkSocket socket_in(int network_namespace) {
  const InNamespace inside(network_namespace);
  return NetlinkSocket(NETLINK_ROUTE);
}

/// A link whose other end is in the stack's namespace; a stranger or a predecessor otherwise.
bool leads_to(NetlinkSocket& host, const LinkInfo& link, int stack_namespace) {
  return link.kind == "veth" && link.peer_nsid &&
         link.peer_nsid == find_nsid(host, stack_namespace);
}

void remove_link(NetlinkSocket& socket, const LinkInfo& link, const std::string& name) {
  Batch batch;
  request_link_removal(batch, link.index, name);
  for (const Refusal& refusal : socket.send(batch)) {
    // Gone meanwhile: its namespace was dying.
    if (refusal.error_number != ENODEV) throw_refusal(refusal);
  }
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
  Batch batch;
  request_veth(batch, NearEnd::down, near, far, uplink.mtu,
               "making uplink " + uplink.host_interface);
  host.execute(batch);
  const std::string& name = uplink.host_interface;
  set_sysctl_if_exists(fmt::format("net/ipv6/conf/{}/disable_ipv6", name), "1");
  // Hairpin traffic leaves the way it came; telling the container of a shorter way would be wrong.
  set_sysctl(fmt::format("net/ipv4/conf/{}/send_redirects", name), "0");
  set_sysctl(fmt::format("net/ipv4/conf/{}/accept_redirects", name), "0");
  return get_link(host, name);
}

LinkInfo ensure_veth(NetlinkSocket& host, const UplinkSpec& uplink, int stack_namespace) {
  if (const auto present = find_link(host, uplink.host_interface)) {
    if (leads_to(host, *present, stack_namespace)) return *present;
    remove_link(host, *present, uplink.host_interface);
  }
  return make_uplink(host, uplink, stack_namespace);
}

/// Only differences are asked for: a route that is there is not replaced, because NLM_F_REPLACE
/// would just as well replace somebody else's to the same subnet.
void request_host_routes(Batch& batch, const std::vector<RouteInfo>& present, int device,
                         const UplinkSpec& uplink, const std::vector<NetworkSpec>& networks) {
  const auto is_present = [&](const Subnet& subnet) {
    return std::ranges::find(present, subnet, &RouteInfo::destination) != present.end();
  };
  const auto is_wanted = [&](const Subnet& subnet) {
    return std::ranges::find(networks, subnet, &NetworkSpec::subnet) != networks.end();
  };
  for (const RouteInfo& route : present) {
    if (is_wanted(route.destination)) continue;
    request_route_removal(batch, device, route.destination, uplink.host_interface);
  }
  for (const NetworkSpec& network : networks) {
    if (is_present(network.subnet)) continue;
    request_new_route(batch, device, network.subnet, uplink.stack_address, uplink.host_interface);
  }
}

}  // namespace

void ensure_uplink(const UplinkSpec& uplink, int stack_namespace,
                   const std::vector<NetworkSpec>& networks) {
  NetlinkSocket host(NETLINK_ROUTE);
  const LinkInfo link = ensure_veth(host, uplink, stack_namespace);
  Batch near;
  request_address(near, link.index, uplink.host_address, uplink_prefix, uplink.host_interface);
  request_link_up(near, link.index, uplink.host_interface);
  request_host_routes(near, list_own_routes(host, link.index), link.index, uplink, networks);
  host.execute(near);

  NetlinkSocket inside = socket_in(stack_namespace);
  const LinkInfo end = get_link(inside, stack_end_of_uplink);
  Batch far;
  request_address(far, end.index, uplink.stack_address, uplink_prefix, stack_end_of_uplink);
  request_link_up(far, end.index, stack_end_of_uplink);
  request_route(far, end.index, everywhere, uplink.host_address, stack_end_of_uplink);
  inside.execute(far);

  Batch settling;
  request_link_settled(settling, uplink.host_interface);
  host.execute(settling);
}

void ensure_bridge(const NetworkSpec& network, const UplinkSpec& uplink, int stack_namespace) {
  NetlinkSocket socket = socket_in(stack_namespace);
  Batch making;
  request_bridge(making, network.bridge, mac_for(network.gateway), uplink.mtu);
  for (const Refusal& refusal : socket.send(making)) {
    if (refusal.error_number != EEXIST) throw_refusal(refusal);
  }
  const LinkInfo bridge = get_link(socket, network.bridge);
  Batch batch;
  request_address(batch, bridge.index, network.gateway, network.subnet.prefix, network.bridge);
  request_link_up(batch, bridge.index, network.bridge);
  socket.execute(batch);
}

void remove_bridge(const NetworkSpec& network, int stack_namespace) {
  NetlinkSocket socket = socket_in(stack_namespace);
  const auto bridge = find_link(socket, network.bridge);
  if (bridge) remove_link(socket, *bridge, network.bridge);
}

}  // namespace stack::network
