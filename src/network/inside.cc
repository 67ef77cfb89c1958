// SPDX-License-Identifier: Apache-2.0
#include "network/inside.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "network/link_requests.h"
#include "network/namespaces.h"
#include "network/nftables.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr auto longest_wait = std::chrono::seconds(3);
constexpr auto pause = std::chrono::milliseconds(5);

bool wants_ipv6(const EndpointSpec& endpoint) {
  return endpoint.address.v6 || !endpoint.link_local6.empty();
}

/// Of "net.ipv4.conf.IFNAME.log_martians".
std::string sysctl_path(const std::string& name, const std::string& interface) {
  std::vector<std::string> parts = split(name, '.');
  std::ranges::replace(parts, std::string("IFNAME"), interface);
  return join(parts, "/");
}

/// Before they come up. Who is to have IPv6 believes nothing that neighbours announce: a container
/// could make itself everybody's router.
void set_sysctls(const std::vector<Seat>& seats, int container_namespace) {
  const auto has_any = [](const Seat& seat) {
    return wants_ipv6(*seat.endpoint) || !seat.endpoint->sysctls.empty();
  };
  if (std::ranges::none_of(seats, has_any)) return;
  const InNamespace inside(container_namespace);
  for (const auto& [endpoint, network] : seats) {
    if (wants_ipv6(*endpoint)) enable_ipv6(endpoint->interface);
    for (const auto& [name, value] : endpoint->sysctls)
      set_sysctl(sysctl_path(name, endpoint->interface), value);
  }
}

void request_addresses(Batch& batch, int index, const EndpointSpec& endpoint,
                       const NetworkSpec& network) {
  const std::string& name = endpoint.interface;
  if (endpoint.address.v4)
    request_address(batch, index, *endpoint.address.v4, network.subnet.prefix, name);
  if (endpoint.address.v6)
    request_address(batch, index, *endpoint.address.v6, network.subnet6.prefix, name);
  for (const Ipv4 address : endpoint.link_local) request_link_local(batch, index, address, name);
  for (const Ipv6 address : endpoint.link_local6) request_link_local(batch, index, address, name);
}

/// Of ipvlan's layer 3 nobody is a neighbour, the gateway neither.
bool routes_by_device(const NetworkSpec& network) {
  return network.kind == NetworkKind::ipvlan && network.mode != "l2";
}

}  // namespace

void request_default_routes(Batch& batch, int index, const EndpointSpec& endpoint,
                            const NetworkSpec& network) {
  if (network.internal) return;
  const std::string& name = endpoint.interface;
  if (routes_by_device(network)) {
    if (endpoint.default_route) request_device_route(batch, index, Family::ipv4, name);
    if (endpoint.default_route6) request_device_route(batch, index, Family::ipv6, name);
    return;
  }
  if (endpoint.default_route) request_route(batch, index, everywhere, network.gateway, name);
  if (endpoint.default_route6) request_route(batch, index, everywhere6, network.gateway6, name);
}

std::vector<Refusal> send_when_free(NetlinkSocket& socket, const Batch& batch, int taken) {
  using Clock = std::chrono::steady_clock;
  for (const auto end = Clock::now() + longest_wait;;) {
    auto refusals = socket.send(batch);
    const auto first = std::ranges::find(refusals, taken, &Refusal::error_number);
    if (first == refusals.end()) return refusals;
    if (Clock::now() > end) return {*first};
    close_nft_sockets();  // one of them may be what keeps that namespace alive
    std::this_thread::sleep_for(pause);
  }
}

void configure_inside(NetlinkSocket& container, int container_namespace,
                      const std::vector<Seat>& seats) {
  set_sysctls(seats, container_namespace);
  Batch batch;
  request_link_up(batch, loopback_index, "lo");
  for (const auto& [endpoint, network] : seats) {
    const int index = get_link(container, endpoint->interface).index;
    request_link_up(batch, index, endpoint->interface);
    request_addresses(batch, index, *endpoint, *network);
    request_default_routes(batch, index, *endpoint, *network);
  }
  for (const Refusal& refusal : send_when_free(container, batch, EADDRINUSE))
    throw_refusal(refusal);
}

}  // namespace stack::network
