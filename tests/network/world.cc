// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/ids.h"
#include "network/addresses.h"
#include "network/link_requests.h"
#include "network/subnets.h"

namespace stack::network::test {
namespace {

constexpr const char* lan_link = "eth0";

void configure_end(int network_namespace, const std::string& ip) {
  const InNamespace inside(network_namespace);
  NetlinkSocket socket(NETLINK_ROUTE);
  const int index = get_link(socket, lan_link).index;
  Batch batch;
  request_link_up(batch, loopback_index, "lo");
  request_address(batch, index, *parse_ipv4(ip), 24, lan_link);
  request_link_up(batch, index, lan_link);
  socket.execute(batch);
}

NetworkSpec test_network(int stack, int index, const std::string& name) {
  const Ipv4 base{172U << 24 | static_cast<std::uint32_t>(stack) << 16 |
                  static_cast<std::uint32_t>(index) << 8};
  return {name, {base, 24}, {base.value + 1}, name == "vault", "br-" + name};
}

/// A socket that hears of links that come and go.
Fd link_events() {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("listening to link events");
  }
  return socket;
}

}  // namespace

Fd bare_namespace() {
  const Fd home = current_namespace();
  const InNamespace back(home.get());
  if (::unshare(CLONE_NEWNET) != 0) throw_errno("making a network namespace");
  return current_namespace();
}

World::World() : host_(bare_namespace()), inside_(host_.get()), lan_(bare_namespace()) {
  NetlinkSocket socket(NETLINK_ROUTE);
  Batch batch;
  request_veth(batch, NearEnd::up, {.name = lan_link, .mac = {}, .network_namespace = {}},
               {.name = lan_link, .mac = {}, .network_namespace = lan()}, 1500, "making the LAN");
  socket.execute(batch);
  configure_end(host(), host_ip);
  configure_end(lan(), lan_ip);
}

void World::route_from_lan(const Subnet& subnet) const {
  const InNamespace inside(lan());
  NetlinkSocket socket(NETLINK_ROUTE);
  Batch batch;
  request_route(batch, get_link(socket, lan_link).index, subnet, *parse_ipv4(host_ip), lan_link);
  socket.execute(batch);
}

TestStack::TestStack(int number) : network_namespace(make_namespace()) {
  const Ipv4 link{10U << 24 | 127U << 16 | static_cast<std::uint32_t>(number) << 8};
  firewall.stack_id = fmt::format("{:08x}", number);
  firewall.uplink = {"stk" + firewall.stack_id, {link.value + 1}, {link.value + 2}, 1500};
  firewall.networks = {test_network(number, 0, "front"), test_network(number, 1, "back"),
                       test_network(number, 2, "vault")};
}

const NetworkSpec& TestStack::network(const std::string& name) const {
  return *std::ranges::find(firewall.networks, name, &NetworkSpec::name);
}

std::string TestStack::ip(const std::string& name, std::uint32_t host_number) const {
  return to_text(Ipv4{network(name).subnet.address.value + host_number});
}

void TestStack::publish(const std::string& host_ip, std::uint16_t host_port,
                        const std::string& address, std::uint16_t port,
                        const std::string& protocol) {
  firewall.published.push_back({host_ip, host_port, protocol, *parse_ipv4(address), port});
}

void TestStack::apply() const {
  ensure_uplink(firewall.uplink, network_namespace.get(), firewall.networks);
  for (const NetworkSpec& network : firewall.networks) {
    ensure_bridge(network, firewall.uplink, network_namespace.get());
  }
  apply_ruleset(host_ruleset(firewall));
  const InNamespace inside(network_namespace.get());
  apply_ruleset(stack_ruleset(firewall) + bridge_ruleset(ports));
}

Fd TestStack::container(const std::vector<std::string>& networks, std::uint32_t host_number) const {
  std::vector<EndpointSpec> endpoints;
  for (const std::string& name : networks) {
    const Ipv4 address = *parse_ipv4(ip(name, host_number));
    endpoints.push_back({name,
                         {address},
                         mac_for(address),
                         fmt::format("eth{}", endpoints.size()),
                         endpoints.empty()});
  }
  Fd container = bare_namespace();
  plug(endpoints, firewall.networks, firewall.uplink, network_namespace.get(), container.get(),
       new_container_id(), [&](const std::vector<PortLock>& locks) {
         lock_ports(locks);
         ports.insert(ports.end(), locks.begin(), locks.end());
       });
  return container;
}

void lock_ports(const std::vector<PortLock>& locks) {
  NetlinkSocket socket(NETLINK_NETFILTER);
  change_locks(socket, locks, {});
}

std::vector<std::string> link_names() {
  std::vector<std::string> names;
  struct if_nameindex* list = ::if_nameindex();
  for (const auto* link = list; link->if_index != 0; ++link) names.emplace_back(link->if_name);
  ::if_freenameindex(list);
  std::ranges::sort(names);
  return names;
}

bool vanishes(const std::string& name) {
  const Fd events = link_events();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (::if_nametoindex(name.c_str()) != 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{events.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) != 1) return false;
    char event[8192];
    static_cast<void>(::recv(events.get(), event, sizeof event, 0));
  }
  return true;
}

}  // namespace stack::network::test
