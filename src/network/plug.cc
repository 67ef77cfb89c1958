// SPDX-License-Identifier: Apache-2.0
// One container's network: a few packets to the kernel, into the stack's namespace and into
// the container's.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/ids.h"
#include "network/direct_links.h"
#include "network/inside.h"
#include "network/link_requests.h"
#include "network/links.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr int name_attempts = 4;

/// An endpoint with what the kernel must know of it.
struct Plug {
  const EndpointSpec* endpoint;
  const NetworkSpec* network;
  int bridge_index;
  std::string port;
};

/// The container's end is not made yet, but its defaults are taken from here when it is; `lo`, made
/// with the namespace, keeps its ::1.
NetlinkSocket prepare_container(int container_namespace) {
  require_another(container_namespace);
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

std::vector<Seat> seats_of(const std::vector<EndpointSpec>& endpoints,
                           const std::vector<NetworkSpec>& networks) {
  std::vector<Seat> seats;
  for (const EndpointSpec& endpoint : endpoints)
    seats.push_back({&endpoint, &network_of(endpoint, networks)});
  return seats;
}

bool is_direct(const Seat& seat) {
  return seat.network->kind != NetworkKind::bridge;
}

/// Of the networks that have a bridge.
std::vector<Plug> look_up(NetlinkSocket& stack, const std::vector<Seat>& seats) {
  std::vector<Plug> plugs;
  for (const Seat& seat : seats) {
    if (is_direct(seat)) continue;
    plugs.push_back({seat.endpoint, seat.network, get_link(stack, seat.network->bridge).index, {}});
  }
  return plugs;
}

void request_pair(Batch& batch, const Plug& plug, const UplinkSpec& uplink,
                  int container_namespace) {
  const VethEnd port{
      .name = plug.port, .mac = {}, .master = plug.bridge_index, .network_namespace = std::nullopt};
  const VethEnd inside{.name = plug.endpoint->interface,
                       .mac = plug.endpoint->mac,
                       .master = 0,
                       .network_namespace = container_namespace};
  request_veth(batch, NearEnd::up, port, inside, mtu_of(*plug.network, uplink),
               fmt::format("making {} in network {}", inside.name, plug.endpoint->network));
}

/// The stack's ends are named after the container and a random part: the end of a predecessor
/// whose namespace is still being taken down has a name of its own.
void make_pairs(NetlinkSocket& stack, std::vector<Plug>& plugs, const UplinkSpec& uplink,
                int container_namespace, const std::string& container_id) {
  std::vector<Plug*> missing;
  for (Plug& plug : plugs) missing.push_back(&plug);
  for (int attempt = 1; !missing.empty(); ++attempt) {
    Batch batch;
    for (Plug* plug : missing) {
      plug->port = fmt::format("v{}{}", container_id.substr(0, 8), random_hex(6));
      request_pair(batch, *plug, uplink, container_namespace);
    }
    std::vector<Plug*> again;
    for (const Refusal& refusal : stack.send(batch)) {
      if (refusal.error_number != EEXIST || attempt == name_attempts) throw_refusal(refusal);
      again.push_back(missing[refusal.index]);
    }
    missing = std::move(again);
  }
}

void isolate(NetlinkSocket& stack, const std::vector<Plug>& plugs) {
  Batch batch;
  for (const Plug& plug : plugs)
    if (!plug.network->icc) request_isolation(batch, plug.port);
  stack.execute(batch);
}

std::vector<PortLock> locks_of(const std::vector<Plug>& plugs) {
  std::vector<PortLock> locks;
  for (const Plug& plug : plugs) locks.push_back(lock_of(plug.port, *plug.endpoint));
  return locks;
}

/// Ports before bridges: a bridge's own link comes up with its first port. Then whoever has spoken
/// with a predecessor of the same address is led to this one, not to the port of a namespace that
/// is still being taken down; a bridge that will not be told learns it from the first answer.
void settle(NetlinkSocket& stack, const std::vector<Plug>& plugs) {
  if (plugs.empty()) return;
  Batch batch;
  for (const Plug& plug : plugs) request_link_settled(batch, plug.port);
  for (const Plug& plug : plugs) request_link_settled(batch, plug.network->bridge);
  const std::size_t vital = batch.size();
  for (const Plug& plug : plugs)
    request_neighbour(batch, get_link(stack, plug.port).index, plug.endpoint->mac, plug.port);
  for (const Refusal& refusal : stack.send(batch))
    if (refusal.index < vital) throw_refusal(refusal);
}

}  // namespace

void plug(const std::vector<EndpointSpec>& endpoints, const std::vector<NetworkSpec>& networks,
          const UplinkSpec& uplink, int stack_namespace, int container_namespace,
          const std::string& container_id, const LockPorts& lock) {
  fail_point("plug.prepare");
  NetlinkSocket container = prepare_container(container_namespace);
  const auto seats = seats_of(endpoints, networks);
  std::optional<NetlinkSocket> host;  // few containers want anything of it
  if (std::ranges::any_of(seats, &is_direct)) host.emplace(NETLINK_ROUTE);
  const InNamespace inside(stack_namespace);
  NetlinkSocket stack(NETLINK_ROUTE);
  auto plugs = look_up(stack, seats);
  fail_point("plug.make-pairs");
  make_pairs(stack, plugs, uplink, container_namespace, container_id);
  fail_point("plug.isolate");
  isolate(stack, plugs);
  fail_point("plug.lock");
  if (!plugs.empty()) lock(locks_of(plugs));
  for (const Seat& seat : seats)
    if (is_direct(seat)) make_direct_link(seat, *host, stack, container_namespace);
  fail_point("plug.configure");
  configure_inside(container, container_namespace, seats);
  fail_point("plug.settle");
  settle(stack, plugs);
}

}  // namespace stack::network
