// SPDX-License-Identifier: Apache-2.0
// The kernel's expressions of a rule (linux/netfilter/nf_tables.h) as plain values, and as
// attributes of a message. A rule is a small program: values are loaded into registers, and each
// comparison ends it unless it holds.
#pragma once

#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "network/netlink.h"
#include "network/nft_fields.h"

namespace stack::network {

/// The register at `offset` bytes of the sixteen that registers are in: of 16 bytes where it is the
/// beginning of one, otherwise of four.
constexpr std::uint32_t nft_register(std::size_t offset) {
  const auto at = static_cast<std::uint32_t>(offset);
  return at % 16 == 0 ? NFT_REG_1 + at / 16 : NFT_REG32_00 + at / 4;
}

struct NftLoad {
  NftField field;
  std::uint32_t into = NFT_REG_1;
};
/// `meta nfproto` (a byte), as which a table of both families sees a packet.
struct NftLoadFamily {};
/// The largest segment that the way to the packet's destination takes, in network byte order.
struct NftLoadSegmentSize {};
struct NftMask {
  std::string mask;  ///< register 1 becomes register 1 & mask
};
struct NftCompare {
  nft_cmp_ops how = NFT_CMP_EQ;
  std::string with;
};
/// A number into register 1, as the machine has it: 0 for the first packet and one more for each
/// that follows, modulo `modulus`.
struct NftTurn {
  std::uint32_t modulus = 1;
};
/// Register 1 and what follows must be in a set, or must not; of a map the value goes there, too.
struct NftLookup {
  std::string set;
  std::uint32_t id = 0;  ///< of a set without a name of its own, in this transaction
  bool inverted = false;
  bool is_map = false;
};
struct NftSetValue {
  std::string value;  ///< into register 1
};
/// Register 1 into the packet, its checksum adapted.
struct NftStore {
  NftField field;
};
/// Register 1 into the option "maximum segment size" of a TCP packet that has it.
struct NftStoreSegmentSize {};
struct NftVerdict {
  std::int32_t code = 0;  ///< NF_ACCEPT, NFT_JUMP...
  std::string chain;      ///< where to, of a jump
};
/// To the address in register 1, and where `port` is not zero to the port in that one.
struct NftTranslate {
  std::uint32_t family = 0;  ///< NFPROTO_IPV4
  std::uint32_t port = 0;
};
struct NftReject {
  std::uint32_t type = 0;  ///< NFT_REJECT_ICMPX_UNREACH
  std::uint8_t code = 0;   ///< NFT_REJECT_ICMPX_ADMIN_PROHIBITED
};
struct NftMasquerade {};
struct NftNoTrack {};
struct NftCounter {};

using NftExpression =
    std::variant<NftLoad, NftLoadFamily, NftLoadSegmentSize, NftMask, NftCompare, NftTurn,
                 NftLookup, NftSetValue, NftStore, NftStoreSegmentSize, NftVerdict, NftTranslate,
                 NftReject, NftMasquerade, NftNoTrack, NftCounter>;

/// Appends the expressions to a message, in the place where a rule has them (within
/// NFTA_RULE_EXPRESSIONS).
void put_expressions(nlmsghdr* message, const std::vector<NftExpression>& expressions);

/// Attributes of nf_tables are big endian.
void put_nft_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value);
/// A value within an attribute, as keys of elements are.
void put_nft_value(nlmsghdr* message, std::uint16_t type, std::string_view bytes);

}  // namespace stack::network
