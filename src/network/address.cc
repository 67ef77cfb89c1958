// SPDX-License-Identifier: Apache-2.0
#include "network/address.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>

#include "base/format.h"
#include "base/text.h"

namespace stack::network {
namespace {

std::uint32_t mask_of(int prefix) {
  return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

/// The upper `bits` of 64; all of them from 64 on, none up to 0.
std::uint64_t upper_bits(int bits) {
  if (bits <= 0) return 0;
  return bits >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - bits);
}

Ipv6 mask6_of(int prefix) {
  return {upper_bits(prefix), upper_bits(prefix - 64)};
}

/// "ADDRESS/PREFIX" taken apart; the prefix is at most `longest`.
std::optional<std::pair<std::string, int>> split_prefix(const std::string& text, int longest) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto prefix = parse_integer<unsigned>(std::string_view(text).substr(slash + 1));
  if (!prefix || *prefix > static_cast<unsigned>(longest)) return std::nullopt;
  return std::pair(text.substr(0, slash), static_cast<int>(*prefix));
}

/// inet_pton(3) reads up to a NUL, which may well be inside of a text.
bool read_address(int family, const std::string& text, void* into) {
  return text.find('\0') == std::string::npos && ::inet_pton(family, text.c_str(), into) == 1;
}

}  // namespace

std::string to_text(Ipv4 address) {
  const std::uint32_t v = address.value;
  return fmt::format("{}.{}.{}.{}", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
}

std::optional<Ipv4> parse_ipv4(const std::string& text) {
  in_addr parsed{};
  if (!read_address(AF_INET, text, &parsed)) return std::nullopt;
  return Ipv4{ntohl(parsed.s_addr)};
}

std::array<unsigned char, 16> bytes_of(Ipv6 address) {
  const std::uint64_t words[] = {htobe64(address.high), htobe64(address.low)};
  std::array<unsigned char, 16> bytes;
  std::memcpy(bytes.data(), words, bytes.size());
  return bytes;
}

std::string wire(Ipv4 address) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(address.value >> shift & 255);
  return bytes;
}

std::string wire(Ipv6 address) {
  const auto bytes = bytes_of(address);
  return {bytes.begin(), bytes.end()};
}

Ipv6 ipv6_from(const void* sixteen_bytes) {
  std::uint64_t words[2];
  std::memcpy(words, sixteen_bytes, sizeof words);
  return {be64toh(words[0]), be64toh(words[1])};
}

std::string to_text(Ipv6 address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, bytes_of(address).data(), text.data(), text.size());
  return text.data();
}

std::optional<Ipv6> parse_ipv6(const std::string& text) {
  in6_addr parsed{};
  if (!read_address(AF_INET6, text, &parsed)) return std::nullopt;
  return ipv6_from(&parsed);
}

bool is_link_local(Ipv6 address) {
  return address.high >> 54 == 0xfe80U >> 6;
}

bool Subnet::contains(Ipv4 other) const {
  return (other.value & mask_of(prefix)) == address.value;
}

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other.address) || other.contains(address);
}

std::uint64_t Subnet::size() const {
  return std::uint64_t{1} << (32 - prefix);
}

Ipv4 Subnet::last() const {
  return {address.value | ~mask_of(prefix)};
}

std::string to_text(const Subnet& subnet) {
  return fmt::format("{}/{}", to_text(subnet.address), subnet.prefix);
}

std::optional<Subnet> parse_subnet(const std::string& text) {
  const auto parts = split_prefix(text, 32);
  if (!parts) return std::nullopt;
  const auto address = parse_ipv4(parts->first);
  if (!address) return std::nullopt;
  return Subnet{{address->value & mask_of(parts->second)}, parts->second};
}

bool Subnet6::contains(Ipv6 other) const {
  const Ipv6 mask = mask6_of(prefix);
  return (other.high & mask.high) == address.high && (other.low & mask.low) == address.low;
}

bool Subnet6::overlaps(const Subnet6& other) const {
  return contains(other.address) || other.contains(address);
}

Ipv6 Subnet6::last() const {
  const Ipv6 mask = mask6_of(prefix);
  return {address.high | ~mask.high, address.low | ~mask.low};
}

std::string to_text(const Subnet6& subnet) {
  return fmt::format("{}/{}", to_text(subnet.address), subnet.prefix);
}

std::optional<Subnet6> parse_subnet6(const std::string& text) {
  const auto parts = split_prefix(text, 128);
  if (!parts) return std::nullopt;
  const auto address = parse_ipv6(parts->first);
  if (!address) return std::nullopt;
  const Ipv6 mask = mask6_of(parts->second);
  return Subnet6{{address->high & mask.high, address->low & mask.low}, parts->second};
}

}  // namespace stack::network
