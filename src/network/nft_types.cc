// SPDX-License-Identifier: Apache-2.0
#include "network/nft_types.h"

#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "network/address.h"
#include "network/link_requests.h"

namespace stack::network {
namespace {

struct TypeRow {
  NftType type;
  std::string_view name;
  std::uint32_t number;  ///< enum datatypes of nftables' datatype.h
  std::size_t size;
};

// In the order of NftType.
constexpr std::array<TypeRow, 10> types{{
    {NftType::ifname, "ifname", 41, IFNAMSIZ},
    {NftType::ipv4_addr, "ipv4_addr", 7, 4},
    {NftType::ipv6_addr, "ipv6_addr", 8, 16},
    {NftType::ether_addr, "ether_addr", 9, ETH_ALEN},
    {NftType::ether_type, "ether_type", 10, 2},
    {NftType::inet_proto, "inet_proto", 12, 1},
    {NftType::inet_service, "inet_service", 13, 2},
    {NftType::icmp_type, "icmp_type", 14, 1},
    {NftType::icmpv6_type, "icmpv6_type", 29, 1},
    {NftType::integer, "integer", 4, 0},
}};
constexpr unsigned bits_of_type = 6;

struct Named {
  NftType type;
  std::string_view name;
  std::uint16_t value;
};

constexpr std::array<Named, 12> names{{
    {NftType::ether_type, "ip", ETH_P_IP},
    {NftType::ether_type, "arp", ETH_P_ARP},
    {NftType::ether_type, "ip6", ETH_P_IPV6},
    {NftType::inet_proto, "tcp", IPPROTO_TCP},
    {NftType::inet_proto, "udp", IPPROTO_UDP},
    {NftType::inet_proto, "sctp", IPPROTO_SCTP},
    {NftType::icmp_type, "echo-request", 8},
    {NftType::icmpv6_type, "echo-request", 128},
    {NftType::icmpv6_type, "nd-router-advert", 134},
    {NftType::icmpv6_type, "nd-neighbor-solicit", 135},
    {NftType::icmpv6_type, "nd-neighbor-advert", 136},
    {NftType::icmpv6_type, "nd-redirect", 137},
}};

const TypeRow& row_of(NftType type) {
  return types[static_cast<std::size_t>(type)];
}

[[noreturn]] void refuse(NftType type, const std::string& text) {
  fail("firewall rules: {} is no {}", text, row_of(type).name);
}

template <typename Value>
Value known(std::optional<Value> value, NftType type, const std::string& text) {
  if (!value) refuse(type, text);
  return *value;
}

/// The low `size` bytes of a number, the highest first.
std::string big_endian(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number & 255);
  return bytes;
}

std::string named_value(NftType type, const std::string& text) {
  const auto found = std::ranges::find_if(
      names, [&](const Named& named) { return named.type == type && named.name == text; });
  if (found != names.end()) return big_endian(found->value, row_of(type).size);
  return big_endian(nft_number(text, (1U << row_of(type).size * 8) - 1), row_of(type).size);
}

/// "0x..." of as many digits as there is room.
std::string hex_value(const std::string& text, std::size_t size) {
  const auto bytes = text.starts_with("0x") ? from_hex(text.substr(2)) : std::nullopt;
  if (!bytes || bytes->size() != size) refuse(NftType::integer, text);
  return *bytes;
}

std::string interface_value(const std::string& name) {
  if (name.size() >= IFNAMSIZ) refuse(NftType::ifname, name);
  std::string bytes = name;
  bytes.resize(IFNAMSIZ);
  return bytes;
}

}  // namespace

NftType nft_type(std::string_view name) {
  const auto found = std::ranges::find(types, name, &TypeRow::name);
  if (found == types.end()) fail("firewall rules: {} is no type", name);
  return found->type;
}

std::size_t size_of(NftType type) {
  return row_of(type).size;
}

std::string nft_value(NftType type, const std::string& text, std::size_t size) {
  switch (type) {
    case NftType::ifname:
      return interface_value(text);
    case NftType::ipv4_addr:
      return wire(known(parse_ipv4(text), type, text));
    case NftType::ipv6_addr:
      return wire(known(parse_ipv6(text), type, text));
    case NftType::ether_addr: {
      const Mac mac = parse_mac(text);
      return {mac.begin(), mac.end()};
    }
    case NftType::integer:
      return hex_value(text, size);
    default:
      return named_value(type, text);
  }
}

NftPrefix nft_prefix(NftType type, const std::string& text) {
  const std::size_t slash = text.find('/');
  NftPrefix prefix{nft_value(type, text.substr(0, slash), size_of(type)), size_of(type) * 8};
  if (slash != std::string::npos) prefix.bits = nft_number(text.substr(slash + 1), prefix.bits);
  return prefix;
}

std::string nft_mask(std::size_t bits, std::size_t size) {
  std::string mask(size, '\0');
  for (std::size_t bit = 0; bit < bits; ++bit)
    mask[bit / 8] = static_cast<char>(mask[bit / 8] | 0x80 >> bit % 8);
  return mask;
}

std::string nft_padded(std::string value) {
  value.resize(nft_padded(value.size()));
  return value;
}

std::uint64_t nft_number(const std::string& text, std::uint64_t most) {
  const auto number = parse_integer<std::uint64_t>(text);
  if (!number || *number > most) fail("firewall rules: {} is no number up to {}", text, most);
  return *number;
}

void add_part(NftKey& key, NftType type, std::size_t size) {
  key.parts.push_back(type);
  key.sizes.push_back(size);
}

std::size_t NftKey::size() const {
  if (sizes.size() == 1) return sizes.front();
  std::size_t all = 0;
  for (const std::size_t size : sizes) all += nft_padded(size);
  return all;
}

std::uint32_t NftKey::number() const {
  std::uint32_t number = 0;
  for (const NftType part : parts) number = number << bits_of_type | row_of(part).number;
  return number;
}

std::uint32_t NftKey::byte_order() const {
  if (parts.size() != 1) return 0;
  const bool as_the_machine = parts.front() == NftType::ifname || parts.front() == NftType::integer;
  return as_the_machine ? 1 : 2;
}

}  // namespace stack::network
