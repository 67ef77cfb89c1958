// SPDX-License-Identifier: Apache-2.0
// The rtnetlink(7) requests that networks are made of, one function each, and what the kernel
// answers about links and routes. Nothing here decides anything.
#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/netlink.h"
#include "network/network_spec.h"

namespace stack::network {

constexpr int loopback_index = 1;  ///< of `lo`, in every namespace

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
  std::optional<int> peer_nsid;  ///< RTM_GETNSID number of that namespace, when it is another
  std::string kind;              ///< "bridge", "veth"; empty for hardware
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

/// rtm_protocol of the routes that we make on the host: "ip route show proto 83" lists them.
constexpr std::uint8_t route_protocol = 83;

enum class NearEnd { up, down };

/// A pair; the far end comes down, as the kernel wants it.
void request_veth(Batch& batch, NearEnd state, const VethEnd& near, const VethEnd& far, int mtu,
                  std::string attempt);
void request_bridge(Batch& batch, const std::string& name, const std::string& mac, int mtu);
void request_link_up(Batch& batch, int index, const std::string& name);
/// Makes the kernel carry out at once what it put off when the other end of a veth came up. It
/// enables the end that was up first from a work queue that waits for everybody's link changes, and
/// that end drops packets until then. Asking for the link does it now (since Linux 6.8).
void request_link_settled(Batch& batch, const std::string& name);
void request_link_removal(Batch& batch, int index, const std::string& name);
/// Adds the address or leaves it as it is.
void request_address(Batch& batch, int index, Ipv4 address, int prefix, const std::string& name);
/// A route by `gateway` that replaces one with the same destination. 0.0.0.0/0 is the default
/// route.
void request_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                   const std::string& name);
/// As request_route with route_protocol, refused (EEXIST) when there is one with the same
/// destination.
void request_new_route(Batch& batch, int index, const Subnet& destination, Ipv4 gateway,
                       const std::string& name);
void request_route_removal(Batch& batch, int index, const Subnet& destination,
                           const std::string& name);

/// Nothing when there is no such link.
std::optional<LinkInfo> find_link(NetlinkSocket& socket, const std::string& name);
std::optional<LinkInfo> find_link(NetlinkSocket& socket, int index);
/// As find_link; throws Error when there is none.
LinkInfo get_link(NetlinkSocket& socket, const std::string& name);
/// All IPv4 routes, of all tables.
std::vector<RouteInfo> list_routes(NetlinkSocket& socket);
/// Those that we made over one device.
std::vector<RouteInfo> list_own_routes(NetlinkSocket& socket, int device);
/// The subnets of all IPv4 addresses.
std::vector<Subnet> list_address_subnets(NetlinkSocket& socket);
/// The number by which the socket's namespace knows another one (open descriptor); nothing when it
/// has none yet.
std::optional<int> find_nsid(NetlinkSocket& socket, int network_namespace);

}  // namespace stack::network
