// SPDX-License-Identifier: Apache-2.0
// Addresses and subnets of both families as plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace stack::network {

/// An IPv4 address in host byte order.
struct Ipv4 {
  std::uint32_t value = 0;
  auto operator<=>(const Ipv4&) const = default;
};
std::string to_text(Ipv4 address);
std::optional<Ipv4> parse_ipv4(const std::string& text);

/// An IPv6 address as two numbers in host byte order.
struct Ipv6 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Ipv6&) const = default;
};
std::string to_text(Ipv6 address);                        ///< "fd00::2", as RFC 5952 has it
std::optional<Ipv6> parse_ipv6(const std::string& text);  ///< without a zone
/// As it travels, in network byte order.
std::array<unsigned char, 16> bytes_of(Ipv6 address);
/// The same as text of 4 or 16 bytes.
std::string wire(Ipv4 address);
std::string wire(Ipv6 address);
Ipv6 ipv6_from(const void* sixteen_bytes);
/// fe80::/10: valid on one link only.
bool is_link_local(Ipv6 address);

/// An IPv4 subnet; host bits of `address` are zero.
struct Subnet {
  Ipv4 address;
  int prefix = 0;
  auto operator<=>(const Subnet&) const = default;
  bool contains(Ipv4 other) const;
  bool overlaps(const Subnet& other) const;
  std::uint64_t size() const;  ///< addresses, network and broadcast included
  Ipv4 last() const;           ///< the broadcast address, where there is one
};
std::string to_text(const Subnet& subnet);                    ///< "172.18.0.0/16"
std::optional<Subnet> parse_subnet(const std::string& text);  ///< host bits are cleared

/// An IPv6 subnet; host bits of `address` are zero.
struct Subnet6 {
  Ipv6 address;
  int prefix = 0;
  auto operator<=>(const Subnet6&) const = default;
  bool contains(Ipv6 other) const;
  bool overlaps(const Subnet6& other) const;
  Ipv6 last() const;
};
std::string to_text(const Subnet6& subnet);  ///< "fd00::/64"
std::optional<Subnet6> parse_subnet6(const std::string& text);

/// Of either family.
using IpAddress = std::variant<Ipv4, Ipv6>;

enum class Families { ipv4, both };

/// What one container has in one network: an address of either family, or of both.
struct DualAddress {
  std::optional<Ipv4> v4{};
  std::optional<Ipv6> v6{};
  bool operator==(const DualAddress&) const = default;
};

}  // namespace stack::network
