// SPDX-License-Identifier: Apache-2.0
// A stack's network as plain data. All bridges of one stack live in one network namespace of the
// stack's own (held open by its keeper), joined to the host by one veth pair ("uplink"): letting go
// of that namespace removes every link, address, route and rule in it. Networks of kind macvlan and
// ipvlan have no bridge and no part in that: their containers sit on a device of the host.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "network/address.h"

namespace stack::network {

enum class NetworkKind { bridge, macvlan, ipvlan };

/// One compose network, with its addresses decided.
struct NetworkSpec {
  std::string name;  ///< "shop_default"
  Subnet subnet;     ///< prefix 0: no IPv4, or not chosen yet
  Ipv4 gateway;      ///< the bridge's address
  bool internal = false;
  std::string bridge;  ///< interface name in the stack's namespace, at most 15 bytes

  bool enable_ipv4 = true;
  bool enable_ipv6 = false;
  Subnet6 subnet6{};  ///< prefix 0: no IPv6, or not chosen yet
  Ipv6 gateway6{};
  std::optional<Subnet> range{};  ///< where addresses are given out; the whole subnet otherwise
  std::optional<Subnet6> range6{};
  std::vector<Ipv4> reserved{};  ///< `aux_addresses`: never given out
  std::vector<Ipv6> reserved6{};

  int mtu = 0;                 ///< 0: the uplink's
  bool icc = true;             ///< containers of it may talk to one another
  bool masquerade = true;      ///< what leaves it does so under an address of the host
  bool reaches_host = true;    ///< its containers may use what the host itself serves
  std::string host_binding{};  ///< where ports without an address of their own are published

  NetworkKind kind = NetworkKind::bridge;
  std::string parent{};  ///< macvlan, ipvlan: device of the host, "eth0" or "eth0.50" (VLAN 50)
  std::string mode{};    ///< macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s

  bool has_ipv4() const { return enable_ipv4 && subnet.prefix > 0; }
  bool has_ipv6() const { return enable_ipv6 && subnet6.prefix > 0; }
  bool operator==(const NetworkSpec&) const = default;
};

/// One container in one network.
struct EndpointSpec {
  std::string network;  ///< NetworkSpec::name
  DualAddress address;
  std::string mac;              ///< "02:42:..."
  std::string interface;        ///< inside: "eth0"
  bool default_route = false;   ///< of IPv4
  bool default_route6 = false;  ///< of IPv6
  std::vector<Ipv4> link_local{};
  std::vector<Ipv6> link_local6{};
  /// "net.ipv4.conf.IFNAME.log_martians" -> value, IFNAME standing for `interface`.
  std::map<std::string, std::string> sysctls{};
  bool operator==(const EndpointSpec&) const = default;
};

/// A port of a container that is published on the host.
struct PublishedPort {
  std::string host_ip;  ///< "0.0.0.0", "127.0.0.1", an address of the host, or an IPv6 one ("::")
  std::uint16_t host_port = 0;
  std::string protocol = "tcp";  ///< tcp, udp or sctp
  Ipv4 container_address;        ///< 0.0.0.0: it has none
  std::uint16_t container_port = 0;
  std::optional<Ipv6> container_address6{};
  bool operator==(const PublishedPort&) const = default;
};

/// An address of a service in one of its networks (`endpoint_mode: vip`): the stack's namespace has
/// it on the bridge and passes on what is sent to it, to the service's containers in turn.
struct VirtualAddress {
  std::string network;  ///< NetworkSpec::name
  std::string service;
  DualAddress address;
  std::vector<DualAddress> targets;  ///< of its containers; none: it leads nowhere
  bool operator==(const VirtualAddress&) const = default;
};

/// The veth pair between host and stack namespace.
struct UplinkSpec {
  std::string host_interface;           ///< "stk" + 8 hex digits of the stack's id
  Ipv4 host_address;                    ///< on the host's end; what `host-gateway` means inside
  Ipv4 stack_address;                   ///< on the stack's end
  int mtu = 1500;                       ///< of the device of the host's default route
  std::optional<Ipv6> host_address6{};  ///< there as long as the stack has a network with IPv6
  std::optional<Ipv6> stack_address6{};
  bool operator==(const UplinkSpec&) const = default;
};

}  // namespace stack::network
