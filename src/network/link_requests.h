// SPDX-License-Identifier: Apache-2.0
// The rtnetlink(7) requests that networks are made of, one function each, and what the kernel
// answers about links and routes. Nothing here decides anything.
#pragma once

#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/netlink.h"
#include "network/network_spec.h"

namespace stack::network {

constexpr int loopback_index = 1;  ///< of `lo`, in every namespace

using Mac = std::array<std::uint8_t, 6>;
/// "02:42:ac:12:00:02". Throws Error.
Mac parse_mac(const std::string& text);

/// A socket for these in that namespace, which the caller's thread need not be in.
NetlinkSocket route_socket_in(int network_namespace);

/// One end of a veth pair as it is asked for.
struct VethEnd {
  std::string name;
  std::string mac;                       ///< empty: the kernel's choice
  int master = 0;                        ///< index of the bridge; 0: none
  std::optional<int> network_namespace;  ///< descriptor; the socket's own namespace otherwise
};

/// What the kernel tells of a link.
struct LinkInfo {
  int index = 0;
  int mtu = 0;
  int peer_index = 0;            ///< of a veth's other end, in that end's namespace
  std::optional<int> peer_nsid;  ///< RTM_GETNSID number of that namespace, when it is another;
                                 ///< NETNSA_NSID_NOT_ASSIGNED when the kernel takes it apart
  std::string kind;              ///< "bridge", "veth"; empty for hardware
  std::string name{};
  int master = 0;  ///< index of the bridge that it is a port of
  bool up = false;
};

/// A route of the socket's namespace.
struct RouteInfo {
  Subnet destination;
  std::uint8_t type = RTN_UNICAST;
  std::uint8_t protocol = RTPROT_UNSPEC;
  std::uint32_t table = RT_TABLE_MAIN;
  std::uint32_t metric = 0;
  int device = 0;  ///< 0 for routes without one
};

/// The same of IPv6.
struct Route6Info {
  Subnet6 destination;
  std::uint8_t type = RTN_UNICAST;
  std::uint8_t protocol = RTPROT_UNSPEC;
  int device = 0;
};

/// An address of a link, with its subnet.
template <typename Net>
struct AddressInfo {
  Net subnet;
  int device = 0;
};

/// rtm_protocol of the routes that we make on the host: "ip route show proto 83" lists them.
constexpr std::uint8_t route_protocol = 83;

/// How links are called that are about to go and whose name somebody needs (request_link_aside()).
/// No stack's own interface begins so: there eight digits follow "stk".
constexpr std::string_view aside = "stkold";

enum class NearEnd { up, down };

/// A pair; the far end comes down, as the kernel wants it.
void request_veth(Batch& batch, NearEnd state, const VethEnd& near, const VethEnd& far, int mtu,
                  std::string attempt);
/// `index`: the link's, for requests that follow in the same batch; 0: the kernel's choice.
void request_bridge(Batch& batch, int index, const std::string& name, const std::string& mac,
                    int mtu);
/// A VLAN of the device `parent`, made in another namespace.
void request_vlan(Batch& batch, const std::string& name, int parent, int id, int network_namespace,
                  std::string attempt);
/// An interface of a kind and nothing more: a kind that needs a device to sit on is refused with
/// EINVAL, one that the kernel does not know with EOPNOTSUPP, and none is made.
void request_without_parent(Batch& batch, const std::string& kind);

/// A macvlan or ipvlan interface on the device `parent`, made in another namespace.
void request_direct_link(Batch& batch, const NetworkSpec& network, const EndpointSpec& endpoint,
                         int parent, int network_namespace);
void request_link_up(Batch& batch, int index, const std::string& name);
/// Makes the kernel carry out at once what it put off when the other end of a veth came up. It
/// enables the end that was up first from a work queue that waits for everybody's link changes, and
/// that end drops packets until then. Asking for the link does it now (since Linux 6.8).
void request_link_settled(Batch& batch, const std::string& name);
/// Port `index` of the bridge `master` from now on.
void request_master(Batch& batch, int index, int master, const std::string& name);
/// The bridge carries nothing from this port to another such one; only to and from itself.
void request_isolation(Batch& batch, const std::string& port);
/// The bridge of `port` finds `mac` there, until it learns otherwise (bridge(8), "fdb replace").
void request_neighbour(Batch& batch, int index, const std::string& mac, const std::string& port);
void request_mtu(Batch& batch, int index, int mtu, const std::string& name);
void request_link_removal(Batch& batch, int index, const std::string& name);
/// Takes the link down and gives it a name of its own that begins with `aside`: whoever wants its
/// name can have it.
void request_link_aside(Batch& batch, int index, const std::string& name);
/// Adds the address or leaves it as it is. An IPv6 address is usable at once: who gives them out
/// knows that it is nobody else's.
void request_address(Batch& batch, int index, Ipv4 address, int prefix, const std::string& name);
void request_address(Batch& batch, int index, Ipv6 address, int prefix, const std::string& name);
/// One beside the link's own, which nothing is sent from by itself: not of a subnet, and of IPv6
/// deprecated (RFC 6724, rule 3).
void request_virtual_address(Batch& batch, int index, Ipv4 address, const std::string& name);
void request_virtual_address(Batch& batch, int index, Ipv6 address, const std::string& name);
/// Takes it away again.
void request_address_removal(Batch& batch, int index, const IpAddress& address,
                             const std::string& name);
/// One that is valid on this link only (RT_SCOPE_LINK).
void request_link_local(Batch& batch, int index, Ipv4 address, const std::string& name);
void request_link_local(Batch& batch, int index, Ipv6 address, const std::string& name);
/// Destinations of default routes: 0.0.0.0/0 and ::/0.
inline constexpr Subnet everywhere{};
inline constexpr Subnet6 everywhere6{};
/// A route by `gateway` that replaces one with the same destination.
void request_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                   const std::string& name);
void request_route(Batch& batch, int index, const Subnet6& destination, Ipv6 gateway,
                   const std::string& name);
/// The default route over a device without a gateway.
enum class Family { ipv4, ipv6 };
void request_device_route(Batch& batch, int index, Family family, const std::string& name);
/// As request_route with route_protocol, refused (EEXIST) when there is one with the same
/// destination.
void request_new_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                       const std::string& name);
void request_new_route(Batch& batch, int index, const Subnet6& destination, Ipv6 gateway,
                       const std::string& name);
void request_route_removal(Batch& batch, int index, const Subnet& destination,
                           const std::string& name);
void request_route_removal(Batch& batch, int index, const Subnet6& destination,
                           const std::string& name);

/// What an RTM_NEWLINK or RTM_DELLINK message says.
LinkInfo parse_link(const nlmsghdr* message);
/// Nothing when there is no such link.
std::optional<LinkInfo> find_link(NetlinkSocket& socket, const std::string& name);
std::optional<LinkInfo> find_link(NetlinkSocket& socket, int index);
/// As find_link; throws Error when there is none.
LinkInfo get_link(NetlinkSocket& socket, const std::string& name);
/// All links of the socket's namespace.
std::vector<LinkInfo> list_links(NetlinkSocket& socket);
/// All IPv4 routes, of all tables.
std::vector<RouteInfo> list_routes(NetlinkSocket& socket);
/// All IPv6 routes; none on a kernel without IPv6.
std::vector<Route6Info> list_routes6(NetlinkSocket& socket);
/// Those that we made over one device.
std::vector<RouteInfo> list_own_routes(NetlinkSocket& socket, int device);
std::vector<Route6Info> list_own_routes6(NetlinkSocket& socket, int device);
/// All addresses of both families.
std::vector<IpAddress> list_addresses(NetlinkSocket& socket);
/// The subnets of all IPv4 addresses, and of all IPv6 ones.
std::vector<AddressInfo<Subnet>> list_address_subnets(NetlinkSocket& socket);
std::vector<AddressInfo<Subnet6>> list_address_subnets6(NetlinkSocket& socket);
/// The number by which the socket's namespace knows another one (open descriptor); nothing when it
/// has none yet.
std::optional<int> find_nsid(NetlinkSocket& socket, int network_namespace);
/// Whether nothing holds the namespace of this number any more, and the kernel takes it apart.
bool is_namespace_ending(NetlinkSocket& socket, int nsid);

}  // namespace stack::network
