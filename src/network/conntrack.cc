// SPDX-License-Identifier: Apache-2.0
#include "network/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "network/link_requests.h"
#include "network/netlink.h"
#include "network/nftables.h"

namespace stack::network {
namespace {

constexpr std::uint16_t message_type(int kind) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | kind);
}

std::uint8_t number_of(const std::string& protocol) {
  return protocol == "sctp" ? IPPROTO_SCTP : IPPROTO_UDP;
}

bool has_connections(const PublishedPort& port) {
  return port.protocol == "tcp";
}

/// One direction of a flow.
struct Tuple {
  std::uint8_t protocol = 0;
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};

/// Whichever of the two is there.
IpAddress address_of(const nlattr* v4, const nlattr* v6) {
  if (v4 != nullptr && mnl_attr_get_payload_len(v4) == 4) return Ipv4{ntohl(mnl_attr_get_u32(v4))};
  if (v6 != nullptr && mnl_attr_get_payload_len(v6) == 16)
    return ipv6_from(mnl_attr_get_payload(v6));
  return {};
}

std::uint16_t port_of(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != 2) return 0;
  return ntohs(mnl_attr_get_u16(attribute));
}

Tuple tuple_of(const nlattr* nest) {
  Tuple tuple;
  if (nest == nullptr) return tuple;
  const Attributes<CTA_TUPLE_MAX + 1> parts(nest);
  if (parts[CTA_TUPLE_IP] == nullptr || parts[CTA_TUPLE_PROTO] == nullptr) return tuple;
  const Attributes<CTA_IP_MAX + 1> addresses(parts[CTA_TUPLE_IP]);
  const Attributes<CTA_PROTO_MAX + 1> protocol(parts[CTA_TUPLE_PROTO]);
  tuple.source = address_of(addresses[CTA_IP_V4_SRC], addresses[CTA_IP_V6_SRC]);
  tuple.destination = address_of(addresses[CTA_IP_V4_DST], addresses[CTA_IP_V6_DST]);
  tuple.source_port = port_of(protocol[CTA_PROTO_SRC_PORT]);
  tuple.destination_port = port_of(protocol[CTA_PROTO_DST_PORT]);
  if (protocol[CTA_PROTO_NUM] != nullptr) tuple.protocol = mnl_attr_get_u8(protocol[CTA_PROTO_NUM]);
  return tuple;
}

/// Of both families.
void for_each_flow(NetlinkSocket& socket, const std::function<void(const nlmsghdr*)>& look) {
  const int error_number = socket.query(
      message_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP,
      [](nlmsghdr* m) {
        put_header(m, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
      },
      look);
  if (error_number != 0) throw Error("listing flows", error_number);
}

std::optional<Flow> flow_of(const nlmsghdr* message) {
  const Attributes<CTA_MAX + 1> attributes(message, sizeof(nfgenmsg));
  const Tuple there = tuple_of(attributes[CTA_TUPLE_ORIG]);
  const Tuple back = tuple_of(attributes[CTA_TUPLE_REPLY]);
  if (there.protocol != IPPROTO_UDP && there.protocol != IPPROTO_SCTP) return std::nullopt;
  return Flow{there.protocol == IPPROTO_SCTP ? "sctp" : "udp",
              there.source,
              there.source_port,
              there.destination,
              there.destination_port,
              back.source,
              back.source_port};
}

std::vector<Flow> list_flows(NetlinkSocket& socket) {
  std::vector<Flow> flows;
  for_each_flow(socket, [&](const nlmsghdr* m) {
    if (auto flow = flow_of(m)) flows.push_back(std::move(*flow));
  });
  return flows;
}

void put_addresses(nlmsghdr* m, const Flow& flow) {
  if (const auto* from = std::get_if<Ipv4>(&flow.from)) {
    mnl_attr_put_u32(m, CTA_IP_V4_SRC, htonl(from->value));
    mnl_attr_put_u32(m, CTA_IP_V4_DST, htonl(std::get<Ipv4>(flow.to).value));
    return;
  }
  const auto source = bytes_of(std::get<Ipv6>(flow.from));
  const auto destination = bytes_of(std::get<Ipv6>(flow.to));
  mnl_attr_put(m, CTA_IP_V6_SRC, source.size(), source.data());
  mnl_attr_put(m, CTA_IP_V6_DST, destination.size(), destination.data());
}

std::uint8_t family_of(const Flow& flow) {
  return std::holds_alternative<Ipv4>(flow.from) ? AF_INET : AF_INET6;
}

void request_forgetting(Batch& batch, const Flow& flow) {
  batch.add(message_type(IPCTNL_MSG_CT_DELETE), 0, "forgetting a flow", [&](nlmsghdr* m) {
    put_header(m, nfgenmsg{family_of(flow), NFNETLINK_V0, 0});
    put_nest(m, CTA_TUPLE_ORIG, [&] {
      put_nest(m, CTA_TUPLE_IP, [&] { put_addresses(m, flow); });
      put_nest(m, CTA_TUPLE_PROTO, [&] {
        mnl_attr_put_u8(m, CTA_PROTO_NUM, number_of(flow.protocol));
        mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(flow.from_port));
        mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(flow.to_port));
      });
    });
  });
}

std::set<IpAddress> own_addresses() {
  NetlinkSocket socket(NETLINK_ROUTE);
  const auto addresses = list_addresses(socket);
  return {addresses.begin(), addresses.end()};
}

bool is_loopback(Ipv4 address) {
  return address.value >> 24 == 127;
}

bool is_loopback(Ipv6 address) {
  return address == Ipv6{0, 1};
}

template <typename Address>
bool is_published_at(const std::optional<Address>& published, Address address,
                     const std::set<IpAddress>& own) {
  if (!published || is_loopback(address)) return false;  // carried by the supervisor
  return *published == Address{} ? own.contains(address) : *published == address;
}

std::optional<IpAddress> target_of(const PublishedPort& port, Ipv4) {
  if (port.container_address == Ipv4{}) return std::nullopt;
  return port.container_address;
}

std::optional<IpAddress> target_of(const PublishedPort& port, Ipv6) {
  return port.container_address6 ? std::optional<IpAddress>(*port.container_address6)
                                 : std::nullopt;
}

/// The address in the container that a new flow like this one would be translated to.
std::optional<IpAddress> translated(const PublishedPort& port, const Flow& flow,
                                    const std::set<IpAddress>& own) {
  if (port.protocol != flow.protocol || port.host_port != flow.to_port) return std::nullopt;
  const auto* v4 = std::get_if<Ipv4>(&flow.to);
  const auto* v6 = std::get_if<Ipv6>(&flow.to);
  if (v4 != nullptr && is_published_at(parse_ipv4(port.host_ip), *v4, own))
    return target_of(port, *v4);
  if (v6 != nullptr && is_published_at(parse_ipv6(port.host_ip), *v6, own))
    return target_of(port, *v6);
  return std::nullopt;
}

/// Its networks, and containers in networks of other stacks.
StackSubnets subnets_of(const FirewallSpec& a, const FirewallSpec& b) {
  StackSubnets subnets;
  for (const FirewallSpec* spec : {&a, &b}) {
    for (const NetworkSpec& network : spec->networks) {
      if (network.has_ipv4()) subnets.v4.push_back(network.subnet);
      if (network.has_ipv6()) subnets.v6.push_back(network.subnet6);
    }
    for (const PublishedPort& port : spec->published) {
      subnets.v4.push_back({port.container_address, 32});
      if (port.container_address6) subnets.v6.push_back({*port.container_address6, 128});
    }
  }
  return subnets;
}

bool is_inside(const StackSubnets& subnets, const IpAddress& address) {
  const auto contains = [](const auto& nets, const auto* one) {
    return one != nullptr &&
           std::ranges::any_of(nets, [&](const auto& net) { return net.contains(*one); });
  };
  return contains(subnets.v4, std::get_if<Ipv4>(&address)) ||
         contains(subnets.v6, std::get_if<Ipv6>(&address));
}

}  // namespace

bool is_stale(const Flow& flow, const std::vector<PublishedPort>& published,
              const std::set<IpAddress>& own, const StackSubnets& subnets) {
  for (const PublishedPort& port : published) {
    const auto target = translated(port, flow, own);
    if (target) return flow.answerer != *target || flow.answerer_port != port.container_port;
  }
  return flow.answerer != flow.to && is_inside(subnets, flow.answerer);
}

std::vector<PublishedPort> moved_ports(const std::vector<PublishedPort>& before,
                                       const std::vector<PublishedPort>& now) {
  std::vector<PublishedPort> moved;
  const auto add_missing = [&](const std::vector<PublishedPort>& ports,
                               const std::vector<PublishedPort>& others) {
    for (const PublishedPort& port : ports) {
      if (has_connections(port)) continue;
      const bool same = std::ranges::find(others, port) != others.end();
      const bool known = std::ranges::any_of(moved, [&](const PublishedPort& other) {
        return other.protocol == port.protocol && other.host_port == port.host_port;
      });
      if (!same && !known) moved.push_back(port);
    }
  };
  add_missing(before, now);
  add_missing(now, before);
  return moved;
}

namespace {

/// Asks for what is forgotten already, too.
void forget(NetlinkSocket& socket, const Batch& batch) {
  const auto refusals = batch.empty() ? std::vector<Refusal>{} : socket.send(batch);
  for (const Refusal& refusal : refusals)
    if (refusal.error_number != ENOENT) throw_refusal(refusal);  // it has ended meanwhile
}

}  // namespace

void forget_stale_flows(const FirewallSpec& before, const FirewallSpec& now) {
  const auto moved = moved_ports(before.published, now.published);
  if (moved.empty()) return;
  during("forgetting flows to ports that have moved", [&] {
    NetlinkSocket socket(NETLINK_NETFILTER);
    const auto own = own_addresses();
    const auto subnets = subnets_of(before, now);
    Batch batch;
    for (const Flow& flow : list_flows(socket)) {
      const bool concerned = std::ranges::any_of(moved, [&](const PublishedPort& port) {
        return port.protocol == flow.protocol && port.host_port == flow.to_port;
      });
      if (concerned && is_stale(flow, now.published, own, subnets)) request_forgetting(batch, flow);
    }
    forget(socket, batch);
    retire(std::move(socket));
  });
}

namespace {

std::vector<IpAddress> addresses_of(const DualAddress& address) {
  std::vector<IpAddress> all;
  if (address.v4) all.emplace_back(*address.v4);
  if (address.v6) all.emplace_back(*address.v6);
  return all;
}

/// A flow of any protocol is named by what it was told by, word for word.
void request_forgetting(Batch& batch, const nlmsghdr* flow, const nlattr* original) {
  const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(flow));
  batch.add(message_type(IPCTNL_MSG_CT_DELETE), 0, "forgetting a flow", [&](nlmsghdr* m) {
    put_header(m, nfgenmsg{header->nfgen_family, NFNETLINK_V0, 0});
    mnl_attr_put(m, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(original),
                 mnl_attr_get_payload(original));
  });
}

}  // namespace

LostTargets lost_targets(const std::vector<VirtualAddress>& before,
                         const std::vector<VirtualAddress>& now) {
  LostTargets lost;
  const auto for_each = [](const std::vector<VirtualAddress>& all, const auto& act) {
    for (const VirtualAddress& each : all)
      for (const IpAddress& address : addresses_of(each.address))
        for (const DualAddress& target : each.targets)
          for (const IpAddress& one : addresses_of(target))
            if (one.index() == address.index()) act(address, one);
  };
  for_each(before, [&](const auto& address, const auto& one) { lost[address].insert(one); });
  for_each(now, [&](const auto& address, const auto& one) {
    if (const auto known = lost.find(address); known != lost.end()) known->second.erase(one);
  });
  std::erase_if(lost, [](const auto& entry) { return entry.second.empty(); });
  return lost;
}

void forget_flows_to(const LostTargets& lost) {
  if (lost.empty()) return;
  during("forgetting flows to containers that are no more", [&] {
    NetlinkSocket socket(NETLINK_NETFILTER);
    Batch batch;
    for_each_flow(socket, [&](const nlmsghdr* m) {
      const Attributes<CTA_MAX + 1> attributes(m, sizeof(nfgenmsg));
      const nlattr* const original = attributes[CTA_TUPLE_ORIG];
      const auto known = lost.find(tuple_of(original).destination);
      if (known != lost.end() &&
          known->second.contains(tuple_of(attributes[CTA_TUPLE_REPLY]).source))
        request_forgetting(batch, m, original);
    });
    forget(socket, batch);
    retire(std::move(socket));
  });
}

}  // namespace stack::network
