// SPDX-License-Identifier: Apache-2.0
#include "network/direct_links.h"

#include <linux/if_link.h>

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"
#include "network/link_requests.h"
#include "network/namespaces.h"

namespace stack::network {
namespace {

constexpr int largest_vlan = 4094;
constexpr int cable_mtu = 1500;

std::string far_end(const NetworkSpec& network) {
  return "q" + network.bridge.substr(1);
}

/// Two ends, both up: a parent without a carrier would hold back everything.
void ensure_cable(const NetworkSpec& network, NetlinkSocket& stack) {
  if (find_link(stack, network.bridge)) return;
  const VethEnd near{
      .name = network.bridge, .mac = {}, .master = 0, .network_namespace = std::nullopt};
  const VethEnd far{
      .name = far_end(network), .mac = {}, .master = 0, .network_namespace = std::nullopt};
  fail_point("parent.make-cable");
  Batch batch;
  request_veth(batch, NearEnd::up, near, far, network.mtu == 0 ? cable_mtu : network.mtu,
               "making a parent for network " + network.name);
  stack.execute(batch);
  Batch up;
  request_link_up(up, get_link(stack, far.name).index, far.name);
  request_link_settled(up, near.name);
  stack.execute(up);
}

void ensure_vlan(const NetworkSpec& network, const VlanName& vlan, NetlinkSocket& host,
                 NetlinkSocket& stack, int stack_namespace) {
  if (find_link(stack, network.bridge)) return;
  Batch batch;
  request_vlan(batch, network.bridge, get_link(host, vlan.device).index, vlan.id, stack_namespace,
               fmt::format("making VLAN {} of {}", vlan.id, vlan.device));
  for (const Refusal& refusal : host.send(batch)) {
    if (refusal.error_number == EEXIST)
      fail("VLAN {} of {} is in use by another stack on this machine", vlan.id, vlan.device);
    if (refusal.error_number == EOPNOTSUPP)
      throw Error(fmt::format("{}: this kernel has no VLANs", refusal.attempt))
          .with_hint("modprobe 8021q, or a kernel with CONFIG_VLAN_8021Q");
    throw_refusal(refusal);
  }
  Batch up;
  request_link_up(up, get_link(stack, network.bridge).index, network.bridge);
  stack.execute(up);
}

[[noreturn]] void throw_refused(const Refusal& refusal, const NetworkSpec& network) {
  const std::string kind = driver_name(network.kind);
  if (refusal.error_number == EOPNOTSUPP)
    throw Error(fmt::format("{}: this kernel has no {}", refusal.attempt, kind))
        .with_hint(fmt::format("modprobe {}, or a kernel that has it", kind));
  if (refusal.error_number == EBUSY)
    throw Error(
        fmt::format("{}: {} is a parent of the other kind (macvlan or ipvlan), or in a "
                    "bridge",
                    refusal.attempt, network.parent));
  throw_refusal(refusal);
}

}  // namespace

std::optional<VlanName> parse_vlan(const std::string& parent) {
  const auto dot = parent.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  const auto id = parse_integer<int>(std::string_view(parent).substr(dot + 1));
  if (!id || *id < 1 || *id > largest_vlan) return std::nullopt;
  return VlanName{parent.substr(0, dot), *id};
}

bool has_parent(const NetworkSpec& network) {
  if (network.parent.empty()) return true;
  NetlinkSocket socket(NETLINK_ROUTE);
  if (find_link(socket, network.parent)) return true;
  const auto vlan = parse_vlan(network.parent);
  return vlan && find_link(socket, vlan->device);
}

const char* driver_name(NetworkKind kind) {
  return kind == NetworkKind::macvlan ? "macvlan" : "ipvlan";
}

bool has_driver(NetworkKind kind) {
  if (kind == NetworkKind::bridge) return true;
  NetlinkSocket socket(NETLINK_ROUTE);
  Batch batch;
  request_without_parent(batch, driver_name(kind));
  return std::ranges::none_of(socket.send(batch), [](const Refusal& refusal) {
    return refusal.error_number == EOPNOTSUPP;
  });
}

void ensure_parent(const NetworkSpec& network, int stack_namespace) {
  NetlinkSocket stack = route_socket_in(stack_namespace);
  if (network.parent.empty()) return ensure_cable(network, stack);
  NetlinkSocket host(NETLINK_ROUTE);
  if (find_link(host, network.parent)) return;
  const auto vlan = parse_vlan(network.parent);
  if (!vlan || !find_link(host, vlan->device))
    fail("network {}: this machine has no device {}", network.name, network.parent);
  ensure_vlan(network, *vlan, host, stack, stack_namespace);
}

void make_direct_link(const Seat& seat, NetlinkSocket& host, NetlinkSocket& stack,
                      int container_namespace) {
  const NetworkSpec& network = *seat.network;
  const auto own = find_link(stack, network.bridge);
  NetlinkSocket& place = own ? stack : host;
  const int parent = own ? own->index : get_link(host, network.parent).index;
  fail_point("direct-link.make");
  Batch batch;
  request_direct_link(batch, network, *seat.endpoint, parent, container_namespace);
  // In this mode the parent has one interface on it and no other.
  const int taken = network.mode == "passthru" ? EINVAL : 0;
  for (const Refusal& refusal : send_when_free(place, batch, taken))
    throw_refused(refusal, network);
}

}  // namespace stack::network
