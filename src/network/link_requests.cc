// SPDX-License-Identifier: Apache-2.0
#include "network/link_requests.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/veth.h>
#include <net/if.h>

#include "base/error.h"
#include "base/text.h"

namespace stack::network {
namespace {

void put_ipv4(nlmsghdr* message, std::uint16_t type, Ipv4 address) {
  mnl_attr_put_u32(message, type, htonl(address.value));
}

void put_mac(nlmsghdr* message, const std::string& mac) {
  std::array<std::uint8_t, 6> bytes{};
  const auto parts = split(mac, ':');
  if (parts.size() != bytes.size()) fail("\"{}\" is not a MAC address", mac);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = parse_integer<std::uint8_t>(parts[i], 16);
    if (!byte) fail("\"{}\" is not a MAC address", mac);
    bytes[i] = *byte;
  }
  mnl_attr_put(message, IFLA_ADDRESS, bytes.size(), bytes.data());
}

ifinfomsg link_header(bool up) {
  ifinfomsg header{};
  if (up) header.ifi_flags = header.ifi_change = IFF_UP;
  return header;
}

void put_veth_end(nlmsghdr* message, const VethEnd& end, int mtu) {
  mnl_attr_put_strz(message, IFLA_IFNAME, end.name.c_str());
  mnl_attr_put_u32(message, IFLA_MTU, static_cast<std::uint32_t>(mtu));
  if (!end.mac.empty()) put_mac(message, end.mac);
  if (end.master != 0) {
    mnl_attr_put_u32(message, IFLA_MASTER, static_cast<std::uint32_t>(end.master));
  }
  if (end.network_namespace) {
    mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<std::uint32_t>(*end.network_namespace));
  }
}

void write_route(nlmsghdr* message, int index, const Subnet& destination, Ipv4 gateway,
                 std::uint8_t protocol) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = static_cast<unsigned char>(destination.prefix);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = protocol;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  put_header(message, header);
  if (destination.prefix > 0) put_ipv4(message, RTA_DST, destination.address);
  put_ipv4(message, RTA_GATEWAY, gateway);
  mnl_attr_put_u32(message, RTA_OIF, static_cast<std::uint32_t>(index));
}

std::string route_attempt(const Subnet& destination, const std::string& name) {
  return fmt::format("adding the route to {} over {}",
                     destination.prefix == 0 ? "default" : to_text(destination), name);
}

LinkInfo parse_link(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const Attributes<IFLA_MAX + 1> attributes(message, sizeof *header);
  LinkInfo link;
  link.index = header->ifi_index;
  link.mtu = static_cast<int>(attributes.u32_or(IFLA_MTU, 0));
  link.peer_index = static_cast<int>(attributes.u32_or(IFLA_LINK, 0));
  if (attributes[IFLA_LINK_NETNSID] != nullptr) {
    link.peer_nsid = static_cast<int>(mnl_attr_get_u32(attributes[IFLA_LINK_NETNSID]));
  }
  if (attributes[IFLA_LINKINFO] != nullptr) {
    const Attributes<IFLA_INFO_MAX + 1> info(attributes[IFLA_LINKINFO]);
    if (info[IFLA_INFO_KIND] != nullptr) link.kind = mnl_attr_get_str(info[IFLA_INFO_KIND]);
  }
  return link;
}

RouteInfo parse_route(const nlmsghdr* message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  const Attributes<RTA_MAX + 1> attributes(message, sizeof *header);
  RouteInfo route;
  route.destination = {{ntohl(attributes.u32_or(RTA_DST, 0))}, header->rtm_dst_len};
  route.type = header->rtm_type;
  route.protocol = header->rtm_protocol;
  route.table = attributes.u32_or(RTA_TABLE, header->rtm_table);
  route.metric = attributes.u32_or(RTA_PRIORITY, 0);
  route.device = static_cast<int>(attributes.u32_or(RTA_OIF, 0));
  const nlattr* several = attributes[RTA_MULTIPATH];
  if (several != nullptr && mnl_attr_get_payload_len(several) >= sizeof(rtnexthop)) {
    route.device = static_cast<const rtnexthop*>(mnl_attr_get_payload(several))->rtnh_ifindex;
  }
  return route;
}

std::vector<RouteInfo> dump_routes(NetlinkSocket& socket,
                                   const std::function<void(nlmsghdr*)>& request) {
  std::vector<RouteInfo> routes;
  const int error_number = socket.query(RTM_GETROUTE, NLM_F_DUMP, request, [&](const nlmsghdr* m) {
    routes.push_back(parse_route(m));
  });
  if (error_number != 0) throw Error("listing routes", error_number);
  return routes;
}

std::optional<LinkInfo> query_link(NetlinkSocket& socket, int index, const std::string& name) {
  std::optional<LinkInfo> link;
  const int error_number = socket.query(
      RTM_GETLINK, 0,
      [&](nlmsghdr* m) {
        ifinfomsg header{};
        header.ifi_index = index;
        put_header(m, header);
        if (index == 0) mnl_attr_put_strz(m, IFLA_IFNAME, name.c_str());
      },
      [&](const nlmsghdr* m) { link = parse_link(m); });
  if (error_number != 0 && error_number != ENODEV) {
    throw Error(fmt::format("looking up link {}", name), error_number);
  }
  return link;
}

}  // namespace

void request_veth(Batch& batch, NearEnd state, const VethEnd& near, const VethEnd& far, int mtu,
                  std::string attempt) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, std::move(attempt), [&](nlmsghdr* m) {
    put_header(m, link_header(state == NearEnd::up));
    put_veth_end(m, near, mtu);
    put_nest(m, IFLA_LINKINFO, [&] {
      mnl_attr_put_str(m, IFLA_INFO_KIND, "veth");
      put_nest(m, IFLA_INFO_DATA, [&] {
        // The far end is a link request of its own, header and all, inside this one. Its IFF_UP
        // must not be set: veth_open() refuses (ENOTCONN) until the two are joined.
        put_nest(m, VETH_INFO_PEER, [&] {
          put_header(m, ifinfomsg{});
          put_veth_end(m, far, mtu);
        });
      });
    });
  });
}

void request_bridge(Batch& batch, const std::string& name, const std::string& mac, int mtu) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "making bridge " + name, [&](nlmsghdr* m) {
    put_header(m, link_header(true));
    mnl_attr_put_strz(m, IFLA_IFNAME, name.c_str());
    mnl_attr_put_u32(m, IFLA_MTU, static_cast<std::uint32_t>(mtu));
    // Without one of its own a bridge takes its ports' lowest, and changes it when they come and
    // go: neighbours would keep the old one.
    put_mac(m, mac);
    put_nest(m, IFLA_LINKINFO, [&] { mnl_attr_put_str(m, IFLA_INFO_KIND, "bridge"); });
  });
}

void request_link_up(Batch& batch, int index, const std::string& name) {
  batch.add(RTM_NEWLINK, 0, "bringing up " + name, [&](nlmsghdr* m) {
    ifinfomsg header = link_header(true);
    header.ifi_index = index;
    put_header(m, header);
  });
}

void request_link_settled(Batch& batch, const std::string& name) {
  batch.add(RTM_GETLINK, 0, "settling link " + name, [&](nlmsghdr* m) {
    put_header(m, ifinfomsg{});
    mnl_attr_put_strz(m, IFLA_IFNAME, name.c_str());
  });
}

void request_link_removal(Batch& batch, int index, const std::string& name) {
  batch.add(RTM_DELLINK, 0, "removing link " + name, [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_index = index;
    put_header(m, header);
  });
}

void request_address(Batch& batch, int index, Ipv4 address, int prefix, const std::string& name) {
  auto attempt = fmt::format("adding address {}/{} to {}", to_text(address), prefix, name);
  batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, std::move(attempt), [&](nlmsghdr* m) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = static_cast<unsigned char>(prefix);
    header.ifa_index = static_cast<unsigned>(index);
    put_header(m, header);
    put_ipv4(m, IFA_LOCAL, address);
    put_ipv4(m, IFA_ADDRESS, address);
    if (prefix < 31) put_ipv4(m, IFA_BROADCAST, {address.value | ~std::uint32_t{0} >> prefix});
  });
}

void request_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                   const std::string& name) {
  batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route_attempt(destination, name),
            [&](nlmsghdr* m) { write_route(m, index, destination, gateway, RTPROT_BOOT); });
}

void request_new_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                       const std::string& name) {
  batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route_attempt(destination, name),
            [&](nlmsghdr* m) { write_route(m, index, destination, gateway, route_protocol); });
}

void request_route_removal(Batch& batch, int index, const Subnet& destination,
                           const std::string& name) {
  auto attempt = fmt::format("removing the route to {} over {}", to_text(destination), name);
  batch.add(RTM_DELROUTE, 0, std::move(attempt), [&](nlmsghdr* m) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = static_cast<unsigned char>(destination.prefix);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = route_protocol;
    header.rtm_scope = RT_SCOPE_NOWHERE;  // "any" for a removal
    put_header(m, header);
    put_ipv4(m, RTA_DST, destination.address);
    mnl_attr_put_u32(m, RTA_OIF, static_cast<std::uint32_t>(index));
  });
}

std::optional<LinkInfo> find_link(NetlinkSocket& socket, const std::string& name) {
  return query_link(socket, 0, name);
}

std::optional<LinkInfo> find_link(NetlinkSocket& socket, int index) {
  return query_link(socket, index, fmt::format("number {}", index));
}

LinkInfo get_link(NetlinkSocket& socket, const std::string& name) {
  const auto link = find_link(socket, name);
  if (!link) throw Error("link " + name, ENODEV);
  return *link;
}

std::vector<RouteInfo> list_routes(NetlinkSocket& socket) {
  return dump_routes(socket, [](nlmsghdr* m) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    put_header(m, header);
  });
}

std::vector<RouteInfo> list_own_routes(NetlinkSocket& socket, int device) {
  auto routes = dump_routes(socket, [&](nlmsghdr* m) {
    // The kernel filters (NETLINK_GET_STRICT_CHK): a router's full table is not copied for this.
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_protocol = route_protocol;
    put_header(m, header);
    mnl_attr_put_u32(m, RTA_OIF, static_cast<std::uint32_t>(device));
  });
  std::erase_if(routes, [&](const RouteInfo& r) {
    return r.device != device || r.protocol != route_protocol;
  });
  return routes;
}

std::vector<Subnet> list_address_subnets(NetlinkSocket& socket) {
  std::vector<Subnet> subnets;
  const int error_number = socket.query(
      RTM_GETADDR, NLM_F_DUMP,
      [](nlmsghdr* m) {
        ifaddrmsg header{};
        header.ifa_family = AF_INET;
        put_header(m, header);
      },
      [&](const nlmsghdr* m) {
        const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(m));
        const Attributes<IFA_MAX + 1> attributes(m, sizeof *header);
        const Ipv4 address{ntohl(attributes.u32_or(IFA_ADDRESS, 0))};
        const auto text = fmt::format("{}/{}", to_text(address), header->ifa_prefixlen);
        if (const auto subnet = parse_subnet(text)) subnets.push_back(*subnet);
      });
  if (error_number != 0) throw Error("listing addresses", error_number);
  return subnets;
}

std::optional<int> find_nsid(NetlinkSocket& socket, int network_namespace) {
  std::optional<int> nsid;
  const int error_number = socket.query(
      RTM_GETNSID, 0,
      [&](nlmsghdr* m) {
        put_header(m, rtgenmsg{AF_UNSPEC});
        mnl_attr_put_u32(m, NETNSA_FD, static_cast<std::uint32_t>(network_namespace));
      },
      [&](const nlmsghdr* m) {
        const Attributes<__NETNSA_MAX> attributes(m, sizeof(rtgenmsg));
        const auto* found = attributes[NETNSA_NSID];
        if (found != nullptr) nsid = static_cast<int>(mnl_attr_get_u32(found));
      });
  if (error_number != 0) throw Error("looking up a network namespace", error_number);
  if (nsid && *nsid < 0) return std::nullopt;
  return nsid;
}

}  // namespace stack::network
