// SPDX-License-Identifier: Apache-2.0
// What nft calls data types (nft(8), "Data types"): how a value is written, and how the kernel has
// it. The kernel knows sizes only; the numbers of the types are for nft, when it lists a set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stack::network {

enum class NftType {
  ifname,
  ipv4_addr,
  ipv6_addr,
  ether_addr,
  ether_type,
  inet_proto,
  inet_service,
  icmp_type,
  icmpv6_type,
  integer,
};

/// "ipv4_addr"... Throws Error for any other name.
NftType nft_type(std::string_view name);
/// Its size in bytes; of integers it depends.
std::size_t size_of(NftType type);
/// `text` as it stands in a packet, or in the kernel: `size` bytes of it. Throws Error.
std::string nft_value(NftType type, const std::string& text, std::size_t size);

/// An address, and how many bits of it count.
struct NftPrefix {
  std::string value;
  std::size_t bits = 0;
};
/// "ADDRESS/BITS" or "ADDRESS", which is all its bits. Throws Error.
NftPrefix nft_prefix(NftType type, const std::string& text);
/// The first `bits` bits of `size` bytes.
std::string nft_mask(std::size_t bits, std::size_t size);
/// Values that follow each other, in the registers too, begin at every fourth byte.
constexpr std::size_t nft_padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}
std::string nft_padded(std::string value);
/// `text` as a number, all of it. Throws Error.
std::uint64_t nft_number(const std::string& text, std::uint64_t most);

/// The parts of a concatenation; mostly it is one.
struct NftKey {
  std::vector<NftType> parts;
  std::vector<std::size_t> sizes;
  /// Each part of several is padded to four bytes.
  std::size_t size() const;
  /// What nft calls the type: six bits for each part.
  std::uint32_t number() const;
  /// As libnftnl notes it: 0 for a concatenation, 1 as the machine has it, 2 big endian.
  std::uint32_t byte_order() const;
};
void add_part(NftKey& key, NftType type, std::size_t size);

}  // namespace stack::network
