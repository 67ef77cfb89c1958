// SPDX-License-Identifier: Apache-2.0
#include "network/link_requests.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/veth.h>
#include <net/if.h>

#include "base/error.h"
#include "base/text.h"
#include "network/namespaces.h"

namespace stack::network {
namespace {

constexpr unsigned char family_of(Ipv4) {
  return AF_INET;
}
constexpr unsigned char family_of(Ipv6) {
  return AF_INET6;
}

void put_address(nlmsghdr* message, std::uint16_t type, Ipv4 address) {
  mnl_attr_put_u32(message, type, htonl(address.value));
}

void put_address(nlmsghdr* message, std::uint16_t type, Ipv6 address) {
  const auto bytes = bytes_of(address);
  mnl_attr_put(message, type, bytes.size(), bytes.data());
}

void put_mac(nlmsghdr* message, const std::string& mac) {
  const Mac bytes = parse_mac(mac);
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

rtmsg route_header(unsigned char family, int prefix) {
  rtmsg header{};
  header.rtm_family = family;
  header.rtm_dst_len = static_cast<unsigned char>(prefix);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  return header;
}

template <typename Net, typename Address>
void write_route(nlmsghdr* message, int index, const Net& destination, Address gateway,
                 std::uint8_t protocol) {
  rtmsg header = route_header(family_of(gateway), destination.prefix);
  header.rtm_protocol = protocol;
  put_header(message, header);
  if (destination.prefix > 0) put_address(message, RTA_DST, destination.address);
  put_address(message, RTA_GATEWAY, gateway);
  mnl_attr_put_u32(message, RTA_OIF, static_cast<std::uint32_t>(index));
}

template <typename Net>
std::string route_attempt(const Net& destination, const std::string& name) {
  return fmt::format("adding the route to {} over {}",
                     destination.prefix == 0 ? "default" : to_text(destination), name);
}

template <typename Net, typename Address>
void add_route(Batch& batch, int index, const Net& destination, Address gateway,
               const std::string& name) {
  batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route_attempt(destination, name),
            [&](nlmsghdr* m) { write_route(m, index, destination, gateway, RTPROT_BOOT); });
}

template <typename Net, typename Address>
void add_new_route(Batch& batch, int index, const Net& destination, Address gateway,
                   const std::string& name) {
  batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route_attempt(destination, name),
            [&](nlmsghdr* m) { write_route(m, index, destination, gateway, route_protocol); });
}

template <typename Net>
void remove_route(Batch& batch, int index, const Net& destination, const std::string& name) {
  auto attempt = fmt::format("removing the route to {} over {}", to_text(destination), name);
  batch.add(RTM_DELROUTE, 0, std::move(attempt), [&](nlmsghdr* m) {
    rtmsg header = route_header(family_of(destination.address), destination.prefix);
    header.rtm_protocol = route_protocol;
    header.rtm_scope = RT_SCOPE_NOWHERE;  // "any" for a removal
    put_header(m, header);
    put_address(m, RTA_DST, destination.address);
    mnl_attr_put_u32(m, RTA_OIF, static_cast<std::uint32_t>(index));
  });
}

template <typename Address>
ifaddrmsg address_header(Address address, int index, int prefix, unsigned char scope) {
  ifaddrmsg header{};
  header.ifa_family = family_of(address);
  header.ifa_prefixlen = static_cast<unsigned char>(prefix);
  header.ifa_index = static_cast<unsigned>(index);
  header.ifa_scope = scope;
  return header;
}

template <typename Address>
std::string address_attempt(Address address, int prefix, const std::string& name) {
  return fmt::format("adding address {}/{} to {}", to_text(address), prefix, name);
}

void add_address(Batch& batch, int index, Ipv4 address, int prefix, unsigned char scope,
                 const std::string& name) {
  batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_attempt(address, prefix, name),
            [&](nlmsghdr* m) {
              put_header(m, address_header(address, index, prefix, scope));
              put_address(m, IFA_LOCAL, address);
              put_address(m, IFA_ADDRESS, address);
              if (prefix < 31)
                put_address(m, IFA_BROADCAST, Ipv4{address.value | ~std::uint32_t{0} >> prefix});
            });
}

void add_address(Batch& batch, int index, Ipv6 address, int prefix, unsigned char scope,
                 const std::string& name) {
  batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_attempt(address, prefix, name),
            [&](nlmsghdr* m) {
              put_header(m, address_header(address, index, prefix, scope));
              put_address(m, IFA_LOCAL, address);
              mnl_attr_put_u32(m, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
            });
}

constexpr std::uint32_t for_ever = 0xffffffff;

/// Valid, and no longer preferred.
void put_deprecated(nlmsghdr* m) {
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_prefered = 0;
  lifetimes.ifa_valid = for_ever;
  mnl_attr_put(m, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
}

template <typename Address>
void remove_address(Batch& batch, int index, Address address, const std::string& name) {
  constexpr int whole = 8 * sizeof address;
  batch.add(RTM_DELADDR, 0, fmt::format("removing address {} from {}", to_text(address), name),
            [&](nlmsghdr* m) {
              put_header(m, address_header(address, index, whole, RT_SCOPE_UNIVERSE));
              put_address(m, IFA_LOCAL, address);
            });
}

std::uint32_t macvlan_mode(const std::string& mode) {
  if (mode == "private") return MACVLAN_MODE_PRIVATE;
  if (mode == "vepa") return MACVLAN_MODE_VEPA;
  return mode == "passthru" ? MACVLAN_MODE_PASSTHRU : MACVLAN_MODE_BRIDGE;
}

std::uint16_t ipvlan_mode(const std::string& mode) {
  if (mode == "l3") return IPVLAN_MODE_L3;
  return mode == "l3s" ? IPVLAN_MODE_L3S : IPVLAN_MODE_L2;
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

Route6Info parse_route6(const nlmsghdr* message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  const Attributes<RTA_MAX + 1> attributes(message, sizeof *header);
  Route6Info route;
  const nlattr* destination = attributes[RTA_DST];
  if (destination != nullptr && mnl_attr_get_payload_len(destination) == sizeof(in6_addr))
    route.destination.address = ipv6_from(mnl_attr_get_payload(destination));
  route.destination.prefix = header->rtm_dst_len;
  route.type = header->rtm_type;
  route.protocol = header->rtm_protocol;
  route.device = static_cast<int>(attributes.u32_or(RTA_OIF, 0));
  return route;
}

template <typename Route>
std::vector<Route> dump_routes(NetlinkSocket& socket, Route (*parse)(const nlmsghdr*),
                               const std::function<void(nlmsghdr*)>& request) {
  std::vector<Route> routes;
  const int error_number = socket.query(RTM_GETROUTE, NLM_F_DUMP, request,
                                        [&](const nlmsghdr* m) { routes.push_back(parse(m)); });
  if (error_number != 0) throw Error("listing routes", error_number);
  return routes;
}

/// What we made over one device. The kernel filters (NETLINK_GET_STRICT_CHK): a router's full table
/// is not copied for this.
template <typename Route>
std::vector<Route> dump_own_routes(NetlinkSocket& socket, unsigned char family, int device,
                                   Route (*parse)(const nlmsghdr*)) {
  auto routes = dump_routes<Route>(socket, parse, [&](nlmsghdr* m) {
    rtmsg header{};
    header.rtm_family = family;
    header.rtm_protocol = route_protocol;
    put_header(m, header);
    mnl_attr_put_u32(m, RTA_OIF, static_cast<std::uint32_t>(device));
  });
  std::erase_if(routes,
                [&](const Route& r) { return r.device != device || r.protocol != route_protocol; });
  return routes;
}

template <typename Route>
std::vector<Route> dump_all_routes(NetlinkSocket& socket, unsigned char family,
                                   Route (*parse)(const nlmsghdr*)) {
  return dump_routes<Route>(socket, parse, [&](nlmsghdr* m) {
    rtmsg header{};
    header.rtm_family = family;
    put_header(m, header);
  });
}

template <typename Net>
std::vector<AddressInfo<Net>> dump_addresses(
    NetlinkSocket& socket, unsigned char family,
    const std::function<std::optional<Net>(const nlattr* address, int prefix)>& subnet_of) {
  std::vector<AddressInfo<Net>> found;
  const int error_number = socket.query(
      RTM_GETADDR, NLM_F_DUMP,
      [&](nlmsghdr* m) {
        ifaddrmsg header{};
        header.ifa_family = family;
        put_header(m, header);
      },
      [&](const nlmsghdr* m) {
        const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(m));
        const Attributes<IFA_MAX + 1> attributes(m, sizeof *header);
        if (header->ifa_family != family || attributes[IFA_ADDRESS] == nullptr) return;
        const auto subnet = subnet_of(attributes[IFA_ADDRESS], header->ifa_prefixlen);
        if (subnet) found.push_back({*subnet, static_cast<int>(header->ifa_index)});
      });
  if (error_number != 0) throw Error("listing addresses", error_number);
  return found;
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

NetlinkSocket route_socket_in(int network_namespace) {
  const InNamespace inside(network_namespace);
  return NetlinkSocket(NETLINK_ROUTE);
}

LinkInfo parse_link(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const Attributes<IFLA_MAX + 1> attributes(message, sizeof *header);
  LinkInfo link;
  link.index = header->ifi_index;
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.master = static_cast<int>(attributes.u32_or(IFLA_MASTER, 0));
  if (attributes[IFLA_IFNAME] != nullptr) link.name = mnl_attr_get_str(attributes[IFLA_IFNAME]);
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

Mac parse_mac(const std::string& text) {
  Mac bytes{};
  const auto parts = split(text, ':');
  if (parts.size() != bytes.size()) fail("\"{}\" is not a MAC address", text);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = parse_integer<std::uint8_t>(parts[i], 16);
    if (!byte) fail("\"{}\" is not a MAC address", text);
    bytes[i] = *byte;
  }
  return bytes;
}

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

void request_bridge(Batch& batch, int index, const std::string& name, const std::string& mac,
                    int mtu) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "making bridge " + name, [&](nlmsghdr* m) {
    ifinfomsg header = link_header(true);
    header.ifi_index = index;
    put_header(m, header);
    mnl_attr_put_strz(m, IFLA_IFNAME, name.c_str());
    mnl_attr_put_u32(m, IFLA_MTU, static_cast<std::uint32_t>(mtu));
    // Without one of its own a bridge takes its ports' lowest, and changes it when they come and
    // go: neighbours would keep the old one.
    put_mac(m, mac);
    put_nest(m, IFLA_LINKINFO, [&] {
      mnl_attr_put_str(m, IFLA_INFO_KIND, "bridge");
      // Frames of the link layer itself (LLDP...) come by no table of ours: nobody's address is
      // learnt from them.
      put_nest(m, IFLA_INFO_DATA, [&] {
        const br_boolopt_multi quiet{1U << BR_BOOLOPT_NO_LL_LEARN, 1U << BR_BOOLOPT_NO_LL_LEARN};
        mnl_attr_put(m, IFLA_BR_MULTI_BOOLOPT, sizeof quiet, &quiet);
      });
    });
  });
}

void request_vlan(Batch& batch, const std::string& name, int parent, int id, int network_namespace,
                  std::string attempt) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, std::move(attempt), [&](nlmsghdr* m) {
    put_header(m, ifinfomsg{});
    mnl_attr_put_strz(m, IFLA_IFNAME, name.c_str());
    mnl_attr_put_u32(m, IFLA_LINK, static_cast<std::uint32_t>(parent));
    mnl_attr_put_u32(m, IFLA_NET_NS_FD, static_cast<std::uint32_t>(network_namespace));
    put_nest(m, IFLA_LINKINFO, [&] {
      mnl_attr_put_str(m, IFLA_INFO_KIND, "vlan");
      put_nest(m, IFLA_INFO_DATA,
               [&] { mnl_attr_put_u16(m, IFLA_VLAN_ID, static_cast<std::uint16_t>(id)); });
    });
  });
}

void request_without_parent(Batch& batch, const std::string& kind) {
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "asking for " + kind, [&](nlmsghdr* m) {
    put_header(m, ifinfomsg{});
    put_nest(m, IFLA_LINKINFO, [&] { mnl_attr_put_str(m, IFLA_INFO_KIND, kind.c_str()); });
  });
}

void request_direct_link(Batch& batch, const NetworkSpec& network, const EndpointSpec& endpoint,
                         int parent, int network_namespace) {
  const bool macvlan = network.kind == NetworkKind::macvlan;
  auto attempt = fmt::format("making {} in network {}", endpoint.interface, network.name);
  batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, std::move(attempt), [&](nlmsghdr* m) {
    put_header(m, ifinfomsg{});
    mnl_attr_put_strz(m, IFLA_IFNAME, endpoint.interface.c_str());
    mnl_attr_put_u32(m, IFLA_LINK, static_cast<std::uint32_t>(parent));
    mnl_attr_put_u32(m, IFLA_NET_NS_FD, static_cast<std::uint32_t>(network_namespace));
    if (network.mtu != 0) mnl_attr_put_u32(m, IFLA_MTU, static_cast<std::uint32_t>(network.mtu));
    // All of an ipvlan have the parent's.
    if (macvlan) put_mac(m, endpoint.mac);
    put_nest(m, IFLA_LINKINFO, [&] {
      mnl_attr_put_str(m, IFLA_INFO_KIND, macvlan ? "macvlan" : "ipvlan");
      put_nest(m, IFLA_INFO_DATA, [&] {
        if (macvlan) {
          mnl_attr_put_u32(m, IFLA_MACVLAN_MODE, macvlan_mode(network.mode));
        } else {
          mnl_attr_put_u16(m, IFLA_IPVLAN_MODE, ipvlan_mode(network.mode));
        }
      });
    });
  });
}

void request_link_up(Batch& batch, int index, const std::string& name) {
  batch.add(RTM_NEWLINK, 0, "bringing up " + name, [&](nlmsghdr* m) {
    ifinfomsg header = link_header(true);
    header.ifi_index = index;
    put_header(m, header);
  });
}

void request_master(Batch& batch, int index, int master, const std::string& name) {
  batch.add(RTM_NEWLINK, 0, "making " + name + " a port", [&](nlmsghdr* m) {
    ifinfomsg header = link_header(true);
    header.ifi_index = index;
    put_header(m, header);
    mnl_attr_put_u32(m, IFLA_MASTER, static_cast<std::uint32_t>(master));
  });
}

void request_isolation(Batch& batch, const std::string& port) {
  batch.add(RTM_NEWLINK, 0, "isolating port " + port, [&](nlmsghdr* m) {
    put_header(m, ifinfomsg{});
    mnl_attr_put_strz(m, IFLA_IFNAME, port.c_str());
    put_nest(m, IFLA_LINKINFO, [&] {
      mnl_attr_put_str(m, IFLA_INFO_SLAVE_KIND, "bridge");
      put_nest(m, IFLA_INFO_SLAVE_DATA, [&] { mnl_attr_put_u8(m, IFLA_BRPORT_ISOLATED, 1); });
    });
  });
}

void request_neighbour(Batch& batch, int index, const std::string& mac, const std::string& port) {
  batch.add(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, "leading to port " + port,
            [&](nlmsghdr* m) {
              ndmsg header{};
              header.ndm_family = AF_BRIDGE;
              header.ndm_ifindex = index;
              header.ndm_state = NUD_REACHABLE;
              header.ndm_flags = NTF_MASTER;
              put_header(m, header);
              const Mac bytes = parse_mac(mac);
              mnl_attr_put(m, NDA_LLADDR, bytes.size(), bytes.data());
            });
}

void request_mtu(Batch& batch, int index, int mtu, const std::string& name) {
  batch.add(RTM_NEWLINK, 0, "setting the MTU of " + name, [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_index = index;
    put_header(m, header);
    mnl_attr_put_u32(m, IFLA_MTU, static_cast<std::uint32_t>(mtu));
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

void request_link_aside(Batch& batch, int index, const std::string& name) {
  // Two requests: kernels before 6.2 do not rename what is up, and one request renames first.
  batch.add(RTM_NEWLINK, 0, "taking down link " + name, [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_change = IFF_UP;
    put_header(m, header);
  });
  batch.add(RTM_NEWLINK, 0, "renaming link " + name, [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_index = index;
    put_header(m, header);
    // The kernel finds the number (dev_alloc_name()).
    mnl_attr_put_strz(m, IFLA_IFNAME, fmt::format("{}%d", aside).c_str());
  });
}

void request_address(Batch& batch, int index, Ipv4 address, int prefix, const std::string& name) {
  add_address(batch, index, address, prefix, RT_SCOPE_UNIVERSE, name);
}

void request_address(Batch& batch, int index, Ipv6 address, int prefix, const std::string& name) {
  add_address(batch, index, address, prefix, RT_SCOPE_UNIVERSE, name);
}

void request_virtual_address(Batch& batch, int index, Ipv4 address, const std::string& name) {
  add_address(batch, index, address, 32, RT_SCOPE_UNIVERSE, name);
}

void request_virtual_address(Batch& batch, int index, Ipv6 address, const std::string& name) {
  batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_attempt(address, 128, name),
            [&](nlmsghdr* m) {
              put_header(m, address_header(address, index, 128, RT_SCOPE_UNIVERSE));
              put_address(m, IFA_LOCAL, address);
              put_deprecated(m);
              mnl_attr_put_u32(m, IFA_FLAGS, IFA_F_NODAD);
            });
}

void request_address_removal(Batch& batch, int index, const IpAddress& address,
                             const std::string& name) {
  std::visit([&](auto each) { remove_address(batch, index, each, name); }, address);
}

void request_link_local(Batch& batch, int index, Ipv4 address, const std::string& name) {
  const bool usual = address.value >> 16 == (169U << 8 | 254U);
  add_address(batch, index, address, usual ? 16 : 32, RT_SCOPE_LINK, name);
}

void request_link_local(Batch& batch, int index, Ipv6 address, const std::string& name) {
  add_address(batch, index, address, is_link_local(address) ? 64 : 128, RT_SCOPE_LINK, name);
}

void request_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                   const std::string& name) {
  add_route(batch, index, destination, gateway, name);
}

void request_route(Batch& batch, int index, const Subnet6& destination, Ipv6 gateway,
                   const std::string& name) {
  add_route(batch, index, destination, gateway, name);
}

void request_device_route(Batch& batch, int index, Family family, const std::string& name) {
  batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "adding the default route over " + name,
            [&](nlmsghdr* m) {
              rtmsg header = route_header(family == Family::ipv4 ? AF_INET : AF_INET6, 0);
              header.rtm_protocol = RTPROT_BOOT;
              if (family == Family::ipv4) header.rtm_scope = RT_SCOPE_LINK;
              put_header(m, header);
              mnl_attr_put_u32(m, RTA_OIF, static_cast<std::uint32_t>(index));
            });
}

void request_new_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                       const std::string& name) {
  add_new_route(batch, index, destination, gateway, name);
}

void request_new_route(Batch& batch, int index, const Subnet6& destination, Ipv6 gateway,
                       const std::string& name) {
  add_new_route(batch, index, destination, gateway, name);
}

void request_route_removal(Batch& batch, int index, const Subnet& destination,
                           const std::string& name) {
  remove_route(batch, index, destination, name);
}

void request_route_removal(Batch& batch, int index, const Subnet6& destination,
                           const std::string& name) {
  remove_route(batch, index, destination, name);
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

std::vector<LinkInfo> list_links(NetlinkSocket& socket) {
  std::vector<LinkInfo> links;
  const int error_number = socket.query(
      RTM_GETLINK, NLM_F_DUMP, [](nlmsghdr* m) { put_header(m, ifinfomsg{}); },
      [&](const nlmsghdr* m) { links.push_back(parse_link(m)); });
  if (error_number != 0) throw Error("listing links", error_number);
  return links;
}

std::vector<RouteInfo> list_routes(NetlinkSocket& socket) {
  return dump_all_routes<RouteInfo>(socket, AF_INET, &parse_route);
}

std::vector<Route6Info> list_routes6(NetlinkSocket& socket) {
  return dump_all_routes<Route6Info>(socket, AF_INET6, &parse_route6);
}

std::vector<RouteInfo> list_own_routes(NetlinkSocket& socket, int device) {
  return dump_own_routes<RouteInfo>(socket, AF_INET, device, &parse_route);
}

std::vector<Route6Info> list_own_routes6(NetlinkSocket& socket, int device) {
  return dump_own_routes<Route6Info>(socket, AF_INET6, device, &parse_route6);
}

std::vector<AddressInfo<Subnet>> list_address_subnets(NetlinkSocket& socket) {
  return dump_addresses<Subnet>(socket, AF_INET, [](const nlattr* address, int prefix) {
    return parse_subnet(
        fmt::format("{}/{}", to_text(Ipv4{ntohl(mnl_attr_get_u32(address))}), prefix));
  });
}

std::vector<AddressInfo<Subnet6>> list_address_subnets6(NetlinkSocket& socket) {
  return dump_addresses<Subnet6>(socket, AF_INET6, [](const nlattr* address, int prefix) {
    return parse_subnet6(
        fmt::format("{}/{}", to_text(ipv6_from(mnl_attr_get_payload(address))), prefix));
  });
}

std::vector<IpAddress> list_addresses(NetlinkSocket& socket) {
  std::vector<IpAddress> addresses;
  const int error_number = socket.query(
      RTM_GETADDR, NLM_F_DUMP, [](nlmsghdr* m) { put_header(m, ifaddrmsg{}); },
      [&](const nlmsghdr* m) {
        const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(m));
        const Attributes<IFA_MAX + 1> attributes(m, sizeof *header);
        // IFA_ADDRESS is the other end of a link with two; only there does IPv6 have IFA_LOCAL.
        const bool two_ends = attributes[IFA_LOCAL] != nullptr;
        const nlattr* own = attributes[two_ends ? IFA_LOCAL : IFA_ADDRESS];
        if (header->ifa_family == AF_INET) {
          addresses.push_back(Ipv4{ntohl(attributes.u32_or(IFA_LOCAL, 0))});
        } else if (header->ifa_family == AF_INET6 && own != nullptr) {
          addresses.push_back(ipv6_from(mnl_attr_get_payload(own)));
        }
      });
  if (error_number != 0) throw Error("listing addresses", error_number);
  return addresses;
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

bool is_namespace_ending(NetlinkSocket& socket, int nsid) {
  if (nsid == NETNSA_NSID_NOT_ASSIGNED) return true;
  const int error_number = socket.query(
      RTM_GETLINK, 0,
      [&](nlmsghdr* m) {
        ifinfomsg header{};
        header.ifi_index = loopback_index;
        put_header(m, header);
        mnl_attr_put_u32(m, IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(nsid));
      },
      [](const nlmsghdr*) {});
  return error_number == EINVAL;  // get_net_ns_by_id() finds none that is alive
}

}  // namespace stack::network
