// SPDX-License-Identifier: Apache-2.0
// One container's network: a few packets to the kernel, into the stack's namespace and into
// the container's.
#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/ids.h"
#include "network/link_requests.h"
#include "network/links.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr Subnet everywhere{};
constexpr int name_attempts = 4;

/// An endpoint with what the kernel must know of it.
struct Plug {
  const EndpointSpec* endpoint;
  const NetworkSpec* network;
  int bridge_index;
};

/// The container's end is not made yet, but its defaults are taken from here when it is; `lo`, made
/// with the namespace, keeps its ::1.
NetlinkSocket prepare_container(int container_namespace) {
  const InNamespace inside(container_namespace);
  set_sysctl_if_exists("net/ipv6/conf/default/disable_ipv6", "1");
  return NetlinkSocket(NETLINK_ROUTE);
}

const NetworkSpec& network_of(const EndpointSpec& endpoint,
                              const std::vector<NetworkSpec>& networks) {
  const auto found = std::ranges::find(networks, endpoint.network, &NetworkSpec::name);
  if (found == networks.end()) fail("network {} is not known to this stack", endpoint.network);
  return *found;
}

std::vector<Plug> look_up(NetlinkSocket& stack, const std::vector<EndpointSpec>& endpoints,
                          const std::vector<NetworkSpec>& networks) {
  std::vector<Plug> plugs;
  for (const EndpointSpec& endpoint : endpoints) {
    const NetworkSpec& network = network_of(endpoint, networks);
    plugs.push_back({&endpoint, &network, get_link(stack, network.bridge).index});
  }
  return plugs;
}

void request_pair(Batch& batch, const Plug& plug, const std::string& port_name, int mtu,
                  int container_namespace) {
  const VethEnd port{
      .name = port_name, .mac = {}, .master = plug.bridge_index, .network_namespace = std::nullopt};
  const VethEnd inside{.name = plug.endpoint->interface,
                       .mac = plug.endpoint->mac,
                       .master = 0,
                       .network_namespace = container_namespace};
  request_veth(batch, NearEnd::up, port, inside, mtu,
               fmt::format("making {} in network {}", inside.name, plug.endpoint->network));
}

/// The stack's ends are named after the container and a random part: the end of a predecessor
/// whose namespace is still being taken down has a name of its own.
/// Returns the names.
std::vector<std::string> make_pairs(NetlinkSocket& stack, std::vector<Plug> plugs, int mtu,
                                    int container_namespace, const std::string& container_id) {
  std::vector<std::string> made;
  for (int attempt = 1; !plugs.empty(); ++attempt) {
    Batch batch;
    std::vector<std::string> names;
    for (const Plug& plug : plugs) {
      names.push_back(fmt::format("v{}{}", container_id.substr(0, 8), random_hex(6)));
      request_pair(batch, plug, names.back(), mtu, container_namespace);
    }
    std::vector<Plug> again;
    for (const Refusal& refusal : stack.send(batch)) {
      if (refusal.error_number != EEXIST || attempt == name_attempts) throw_refusal(refusal);
      again.push_back(plugs[refusal.index]);
      names[refusal.index].clear();
    }
    plugs = std::move(again);
    std::ranges::copy_if(names, std::back_inserter(made), [](const auto& n) { return !n.empty(); });
  }
  return made;
}

void configure_inside(NetlinkSocket& container, const std::vector<Plug>& plugs) {
  Batch batch;
  request_link_up(batch, loopback_index, "lo");
  for (const Plug& plug : plugs) {
    const std::string& name = plug.endpoint->interface;
    const int index = get_link(container, name).index;
    request_link_up(batch, index, name);
    request_address(batch, index, *plug.endpoint->address.v4, plug.network->subnet.prefix, name);
    // An internal network leads nowhere; the host appears in it as the gateway, a neighbour.
    if (plug.endpoint->default_route && !plug.network->internal) {
      request_route(batch, index, everywhere, plug.network->gateway, name);
    }
  }
  container.execute(batch);
}

/// Ports before bridges: a bridge's own link comes up with its first port.
void settle(NetlinkSocket& stack, const std::vector<std::string>& ports,
            const std::vector<Plug>& plugs) {
  Batch batch;
  for (const std::string& port : ports) request_link_settled(batch, port);
  for (const Plug& plug : plugs) request_link_settled(batch, plug.network->bridge);
  stack.execute(batch);
}

}  // namespace

void plug(const std::vector<EndpointSpec>& endpoints, const std::vector<NetworkSpec>& networks,
          const UplinkSpec& uplink, int stack_namespace, int container_namespace,
          const std::string& container_id) {
  NetlinkSocket container = prepare_container(container_namespace);
  const InNamespace inside(stack_namespace);
  NetlinkSocket stack(NETLINK_ROUTE);
  const auto plugs = look_up(stack, endpoints, networks);
  const auto ports = make_pairs(stack, plugs, uplink.mtu, container_namespace, container_id);
  configure_inside(container, plugs);
  settle(stack, ports, plugs);
}

}  // namespace stack::network
