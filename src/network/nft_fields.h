// SPDX-License-Identifier: Apache-2.0
// What a rule looks at: "ip saddr", "meta l4proto", "ct state" (nft(8), "Primary expressions" and
// "Payload expressions"), and where the kernel finds it.
#pragma once

#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "network/nft_types.h"

namespace stack::network {

class NftReader;

/// Where a field's value comes from, which names the kernel's expression.
enum class NftSource { meta, payload, conntrack, fib };

/// What a packet must be for a field to be in it.
enum class NftProtocol { any, ipv4, ipv6, arp, tcp, udp, sctp, icmp, icmpv6 };

struct NftField {
  std::string_view words;
  NftSource source = NftSource::payload;
  std::uint32_t place = 0;   ///< a key, as NFT_META_L4PROTO, or where in a packet: NFT_PAYLOAD_...
  std::uint32_t offset = 0;  ///< in bytes, of a part of a packet
  std::uint32_t size = 0;    ///< in bytes
  NftType type = NftType::integer;
  NftProtocol needs = NftProtocol::any;
  /// Where a transport protocol has its checksum, for fields that a rule may write.
  std::uint32_t checksum = 0;
};

/// What protocol of the transport layer a packet is of.
inline constexpr NftField transport_protocol{.words = "meta l4proto",
                                             .source = NftSource::meta,
                                             .place = NFT_META_L4PROTO,
                                             .size = 1,
                                             .type = NftType::inet_proto};

/// Consumes "FIELD . FIELD ...": none where the next words are no field. Throws Error where none
/// follows a dot.
std::vector<NftField> take_fields(NftReader& reader);

/// Whether that is a protocol of the network layer.
bool is_network_protocol(NftProtocol protocol);
/// As the packet says it: of `meta nfproto` in the first case, of `meta l4proto` in the other.
std::uint8_t number_of(NftProtocol protocol);

}  // namespace stack::network
