// SPDX-License-Identifier: Apache-2.0
// A stack's network as plain data. All bridges of one stack live in one network namespace of the
// stack's own (held open by its keeper), joined to the host by one veth pair ("uplink"): letting go
// of that namespace removes every link, address, route and rule in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stack::network {

/// An IPv4 address in host byte order.
struct Ipv4 {
  std::uint32_t value = 0;
  auto operator<=>(const Ipv4&) const = default;
};
std::string to_text(Ipv4 address);
std::optional<Ipv4> parse_ipv4(const std::string& text);

/// An IPv4 subnet; host bits of `address` are zero.
struct Subnet {
  Ipv4 address;
  int prefix = 0;
  auto operator<=>(const Subnet&) const = default;
  bool contains(Ipv4 other) const;
  bool overlaps(const Subnet& other) const;
  std::uint64_t size() const;  ///< addresses, network and broadcast included
};
std::string to_text(const Subnet& subnet);                    ///< "172.18.0.0/16"
std::optional<Subnet> parse_subnet(const std::string& text);  ///< host bits are cleared

/// One compose network, with its addresses decided.
struct NetworkSpec {
  std::string name;  ///< "shop_default"
  Subnet subnet;
  Ipv4 gateway;  ///< the bridge's address
  bool internal = false;
  std::string bridge;  ///< interface name in the stack's namespace, at most 15 bytes
  bool operator==(const NetworkSpec&) const = default;
};

/// One container in one network.
struct EndpointSpec {
  std::string network;  ///< NetworkSpec::name
  Ipv4 address;
  std::string mac;        ///< "02:42:..."
  std::string interface;  ///< inside: "eth0"
  bool default_route = false;
  bool operator==(const EndpointSpec&) const = default;
};

/// A port of a container that is published on the host.
struct PublishedPort {
  std::string host_ip;  ///< "0.0.0.0", "127.0.0.1", an address of the host, or an IPv6 one ("::")
  std::uint16_t host_port = 0;
  std::string protocol = "tcp";  ///< tcp or udp
  Ipv4 container_address;
  std::uint16_t container_port = 0;
  bool operator==(const PublishedPort&) const = default;
};

/// The veth pair between host and stack namespace.
struct UplinkSpec {
  std::string host_interface;  ///< "stk" + 8 hex digits of the stack's id
  Ipv4 host_address;           ///< on the host's end; what `host-gateway` means inside
  Ipv4 stack_address;          ///< on the stack's end
  int mtu = 1500;              ///< of the device of the host's default route
  bool operator==(const UplinkSpec&) const = default;
};

}  // namespace stack::network
