// SPDX-License-Identifier: Apache-2.0
#include "network/nft_fields.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <array>
#include <cstddef>
#include <optional>

#include "base/error.h"
#include "network/nft_words.h"

namespace stack::network {
namespace {

constexpr auto link = NFT_PAYLOAD_LL_HEADER;
constexpr auto net = NFT_PAYLOAD_NETWORK_HEADER;
constexpr auto transport = NFT_PAYLOAD_TRANSPORT_HEADER;
using P = NftProtocol;
using T = NftType;

constexpr NftField in_packet(std::string_view words, std::uint32_t header, std::uint32_t offset,
                             std::uint32_t size, NftType type, NftProtocol needs,
                             std::uint32_t checksum = 0) {
  return {words, NftSource::payload, header, offset, size, type, needs, checksum};
}

constexpr NftField of_packet(std::string_view words, NftSource source, std::uint32_t key,
                             std::uint32_t size, NftType type) {
  return {words, source, key, 0, size, type, P::any, 0};
}

constexpr std::uint32_t tcp_check = offsetof(tcphdr, check);
constexpr std::uint32_t udp_check = offsetof(udphdr, check);
constexpr std::uint32_t tcp_flags = offsetof(tcphdr, th_flags);

constexpr std::array known_fields{
    of_packet("iifname", NftSource::meta, NFT_META_IIFNAME, IFNAMSIZ, T::ifname),
    of_packet("oifname", NftSource::meta, NFT_META_OIFNAME, IFNAMSIZ, T::ifname),
    transport_protocol,
    of_packet("ct state", NftSource::conntrack, NFT_CT_STATE, 4, T::integer),
    of_packet("ct status", NftSource::conntrack, NFT_CT_STATUS, 4, T::integer),
    of_packet("fib daddr type", NftSource::fib, NFT_FIB_RESULT_ADDRTYPE, 4, T::integer),
    in_packet("ether type", link, offsetof(ether_header, ether_type), 2, T::ether_type, P::any),
    in_packet("ether saddr", link, offsetof(ether_header, ether_shost), 6, T::ether_addr, P::any),
    in_packet("arp saddr ip", net, offsetof(ether_arp, arp_spa), 4, T::ipv4_addr, P::arp),
    in_packet("arp saddr ether", net, offsetof(ether_arp, arp_sha), 6, T::ether_addr, P::arp),
    in_packet("ip saddr", net, offsetof(iphdr, saddr), 4, T::ipv4_addr, P::ipv4),
    in_packet("ip daddr", net, offsetof(iphdr, daddr), 4, T::ipv4_addr, P::ipv4),
    in_packet("ip6 saddr", net, offsetof(ip6_hdr, ip6_src), 16, T::ipv6_addr, P::ipv6),
    in_packet("ip6 daddr", net, offsetof(ip6_hdr, ip6_dst), 16, T::ipv6_addr, P::ipv6),
    in_packet("tcp sport", transport, 0, 2, T::inet_service, P::tcp, tcp_check),
    in_packet("tcp dport", transport, 2, 2, T::inet_service, P::tcp, tcp_check),
    in_packet("tcp flags", transport, tcp_flags, 1, T::integer, P::tcp),
    in_packet("udp sport", transport, 0, 2, T::inet_service, P::udp, udp_check),
    in_packet("udp dport", transport, 2, 2, T::inet_service, P::udp, udp_check),
    in_packet("sctp dport", transport, 2, 2, T::inet_service, P::sctp),
    in_packet("icmp type", transport, 0, 1, T::icmp_type, P::icmp),
    in_packet("icmpv6 type", transport, 0, 1, T::icmpv6_type, P::icmpv6),
};

/// Whole bytes, of which the text has the bits.
std::uint32_t take_bytes(NftReader& reader) {
  const std::uint64_t bits = nft_number(reader.next(), 8 * 1024);
  if (bits % 8 != 0) fail("firewall rules: {} bits are no whole bytes", bits);
  return static_cast<std::uint32_t>(bits / 8);
}

/// "@th,64,128": bits of the transport header.
NftField take_raw(NftReader& reader) {
  reader.expect("@th ,");
  NftField field{"", NftSource::payload, transport, 0, 0, T::integer, P::any, 0};
  field.offset = take_bytes(reader);
  reader.expect(",");
  field.size = take_bytes(reader);
  return field;
}

std::optional<NftField> take_field(NftReader& reader) {
  if (reader.sees("@th")) return take_raw(reader);
  for (const NftField& field : known_fields)
    if (reader.takes(field.words)) return field;
  return std::nullopt;
}

}  // namespace

std::vector<NftField> take_fields(NftReader& reader) {
  std::vector<NftField> taken;
  do {
    const auto field = take_field(reader);
    if (!field && taken.empty()) return taken;
    if (!field) reader.refuse();
    taken.push_back(*field);
  } while (reader.takes("."));
  return taken;
}

bool is_network_protocol(NftProtocol protocol) {
  return protocol == P::ipv4 || protocol == P::ipv6 || protocol == P::arp;
}

std::uint8_t number_of(NftProtocol protocol) {
  switch (protocol) {
    case P::ipv4:
      return NFPROTO_IPV4;
    case P::ipv6:
      return NFPROTO_IPV6;
    case P::arp:
      return NFPROTO_ARP;
    case P::tcp:
      return IPPROTO_TCP;
    case P::udp:
      return IPPROTO_UDP;
    case P::sctp:
      return IPPROTO_SCTP;
    case P::icmp:
      return IPPROTO_ICMP;
    case P::icmpv6:
      return IPPROTO_ICMPV6;
    case P::any:
      break;
  }
  return 0;
}

}  // namespace stack::network
