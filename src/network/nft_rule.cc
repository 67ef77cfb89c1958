// SPDX-License-Identifier: Apache-2.0
#include "network/nft_rule.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>

#include <array>

#include "base/error.h"
#include "base/format.h"

namespace stack::network {
namespace {

using Fields = std::vector<NftField>;

template <typename Number>
std::string bytes_as_they_are(const Number& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

/// Bits and numbers that have a name; in the kernel they are as the machine has numbers.
struct NamedBits {
  std::string_view field;
  std::string_view name;
  std::uint32_t value;
};

constexpr std::uint32_t state_established = 1U << (IP_CT_ESTABLISHED + 1);
constexpr std::uint32_t state_related = 1U << (IP_CT_RELATED + 1);

constexpr std::array<NamedBits, 6> named_bits{{
    {"ct state", "established", state_established},
    {"ct state", "related", state_related},
    {"ct status", "dnat", IPS_DST_NAT},
    {"fib daddr type", "local", RTN_LOCAL},
    {"tcp flags", "syn", TH_SYN},
    {"tcp flags", "rst", TH_RST},
}};

std::uint32_t take_bits(NftReader& reader, const NftField& field) {
  for (const NamedBits& bits : named_bits)
    if (bits.field == field.words && reader.takes(bits.name)) return bits.value;
  reader.refuse();
}

NftProtocol protocol_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, NftProtocol>, 6> names{{
      {"ip", NftProtocol::ipv4},
      {"ip6", NftProtocol::ipv6},
      {"arp", NftProtocol::arp},
      {"tcp", NftProtocol::tcp},
      {"udp", NftProtocol::udp},
      {"sctp", NftProtocol::sctp},
  }};
  for (const auto& [known, protocol] : names)
    if (known == name) return protocol;
  return NftProtocol::any;
}

class RuleReader {
 public:
  RuleReader(NftReader& reader, std::uint8_t family, std::uint32_t& next_id)
      : reader_(reader), family_(family), next_id_(next_id) {}

  NftRule read() {
    while (!reader_.takes("\n")) read_statement();
    return std::move(rule_);
  }

 private:
  void read_statement() {
    if (read_verdict() || read_translation() || read_other()) return;
    const Fields fields = take_fields(reader_);
    if (fields.empty()) reader_.refuse();
    if (fields.size() == 1 && reader_.takes("set")) return write(fields.front());
    match(fields);
  }

  bool read_verdict() {
    if (reader_.takes("accept")) return add(NftVerdict{NF_ACCEPT, ""});
    if (reader_.takes("drop")) return add(NftVerdict{NF_DROP, ""});
    if (reader_.takes("jump")) return add(NftVerdict{NFT_JUMP, reader_.next()});
    return false;
  }

  bool read_translation() {
    if (reader_.takes("masquerade")) return add(NftMasquerade{});
    if (reader_.takes("dnat ip to")) return translate(NFPROTO_IPV4, NftType::ipv4_addr);
    if (reader_.takes("dnat ip6 to")) return translate(NFPROTO_IPV6, NftType::ipv6_addr);
    return false;
  }

  bool read_other() {
    if (reader_.takes("notrack")) return add(NftNoTrack{});
    if (reader_.takes("counter")) return add(NftCounter{});
    if (reader_.takes("reject with icmpx type admin-prohibited"))
      return add(NftReject{NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED});
    if (reader_.takes("tcp option maxseg size set rt mtu")) {
      need(NftProtocol::tcp);
      add(NftLoadSegmentSize{});
      return add(NftStoreSegmentSize{});
    }
    if (!reader_.takes("comment")) return false;
    rule_.comment = reader_.next();
    return true;
  }

  bool add(NftExpression expression) {
    rule_.expressions.push_back(std::move(expression));
    return true;
  }

  /// A field is looked at only where it is: a packet of another protocol has something else there.
  void need(NftProtocol protocol) {
    if (protocol == NftProtocol::any) return;
    if (protocol == NftProtocol::icmp) need(NftProtocol::ipv4);
    if (protocol == NftProtocol::icmpv6) need(NftProtocol::ipv6);
    const bool of_network = is_network_protocol(protocol);
    NftProtocol& known = of_network ? network_ : transport_;
    if (known == protocol || (of_network && family_ == number_of(protocol))) return;
    if (of_network && family_ != NFPROTO_INET)
      fail("firewall rules, line {}: which protocol the packet is of must be asked before",
           reader_.line());
    known = protocol;
    if (of_network) {
      add(NftLoadFamily{});
    } else {
      add(NftLoad{transport_protocol});
    }
    add(NftCompare{NFT_CMP_EQ, bytes_as_they_are(number_of(protocol))});
  }

  /// Into the registers from the first one on.
  void load(const Fields& fields) {
    for (const NftField& field : fields) need(field.needs);
    std::size_t offset = 0;
    for (const NftField& field : fields) {
      add(NftLoad{field, nft_register(offset)});
      offset += nft_padded(field.size);
    }
  }

  void match(const Fields& fields) {
    if (fields.size() == 1 && reader_.takes("&")) return match_bits(fields.front());
    const bool inverted = reader_.takes("!=");
    if (reader_.peek().starts_with('@')) {
      load(fields);
      add(NftLookup{.set = reader_.next().substr(1), .inverted = inverted});
    } else if (fields.size() != 1) {
      reader_.refuse();
    } else if (reader_.sees("{")) {
      match_unnamed(fields.front(), inverted);
    } else {
      match_value(fields.front(), inverted ? NFT_CMP_NEQ : NFT_CMP_EQ);
    }
  }

  /// "FIELD & (BIT | BIT) == BIT", of one byte.
  void match_bits(const NftField& field) {
    load({field});
    reader_.expect("(");
    std::uint32_t mask = take_bits(reader_, field);
    while (reader_.takes("|")) mask |= take_bits(reader_, field);
    reader_.expect(") ==");
    add(NftMask{std::string(1, static_cast<char>(mask))});
    add(NftCompare{NFT_CMP_EQ, std::string(1, static_cast<char>(take_bits(reader_, field)))});
  }

  void match_unnamed(const NftField& field, bool inverted) {
    load({field});
    NftUnnamedSet set{next_id_++, {}, {}};
    add_part(set.key, field.type, field.size);
    reader_.expect("{");
    do {
      set.values.push_back(nft_value(field.type, reader_.next(), field.size));
    } while (reader_.takes(","));
    reader_.expect("}");
    add(NftLookup{.set = unnamed_set, .id = set.id, .inverted = inverted});
    rule_.sets.push_back(std::move(set));
  }

  void match_value(const NftField& field, nft_cmp_ops how) {
    if (field.source == NftSource::conntrack) return match_any_bit(field);
    if (field.source == NftSource::fib) {
      load({field});
      add(NftCompare{how, bytes_as_they_are(take_bits(reader_, field))});
      return;
    }
    const std::string text = reader_.next();
    if (text.find('/') != std::string::npos)
      return match_prefix(field, nft_prefix(field.type, text), how);
    load({field});
    add(NftCompare{how, nft_value(field.type, text, field.size)});
    if (how == NFT_CMP_EQ) learn(field, text);
  }

  /// "ct state established,related"
  void match_any_bit(const NftField& field) {
    load({field});
    std::uint32_t mask = take_bits(reader_, field);
    while (reader_.takes(",")) mask |= take_bits(reader_, field);
    add(NftMask{bytes_as_they_are(mask)});
    add(NftCompare{NFT_CMP_NEQ, bytes_as_they_are(std::uint32_t{0})});
  }

  /// Of whole bytes only those are loaded, as nft does.
  void match_prefix(NftField field, NftPrefix prefix, nft_cmp_ops how) {
    const bool whole_bytes = prefix.bits % 8 == 0 && prefix.bits != 0;
    if (whole_bytes) {
      field.size = static_cast<std::uint32_t>(prefix.bits / 8);
      prefix.value.resize(field.size);
    }
    load({field});
    if (!whole_bytes) add(NftMask{nft_mask(prefix.bits, field.size)});
    add(NftCompare{how, prefix.value});
  }

  /// What a comparison says of all that follows in the rule.
  void learn(const NftField& field, const std::string& text) {
    if (field.words == "ether type") network_ = protocol_named(text);
    if (field.words == transport_protocol.words) transport_ = protocol_named(text);
  }

  void write(const NftField& field) {
    if (field.checksum == 0) reader_.refuse();
    need(field.needs);
    add(NftSetValue{nft_value(field.type, reader_.next(), field.size)});
    add(NftStore{field});
  }

  bool translate(std::uint32_t family, NftType type) {
    if (reader_.takes("numgen inc mod")) return translate_in_turn(family, type);
    const Fields fields = take_fields(reader_);
    if (fields.empty()) {
      add(NftSetValue{nft_value(type, reader_.next(), size_of(type))});
      return add(NftTranslate{family, 0});
    }
    load(fields);
    reader_.expect("map");
    const std::string map = reader_.next();
    if (!map.starts_with('@')) reader_.refuse();
    add(NftLookup{.set = map.substr(1), .is_map = true});
    return add(NftTranslate{family, nft_register(size_of(type))});
  }

  /// "numgen inc mod COUNT map { NUMBER : ADDRESS, ... }"
  bool translate_in_turn(std::uint32_t family, NftType type) {
    const auto modulus = static_cast<std::uint32_t>(nft_number(reader_.next(), UINT32_MAX));
    NftUnnamedSet map{next_id_++, {}, {}};
    add_part(map.key, NftType::integer, sizeof modulus);
    add_part(map.target, type, size_of(type));
    reader_.expect("map {");
    do {
      const auto turn = static_cast<std::uint32_t>(nft_number(reader_.next(), UINT32_MAX));
      map.values.push_back(bytes_as_they_are(turn));
      reader_.expect(":");
      map.targets.push_back(nft_value(type, reader_.next(), size_of(type)));
    } while (reader_.takes(","));
    reader_.expect("}");
    add(NftTurn{modulus});
    add(NftLookup{.set = unnamed_map, .id = map.id, .is_map = true});
    rule_.sets.push_back(std::move(map));
    return add(NftTranslate{family, 0});
  }

  NftReader& reader_;
  std::uint8_t family_;
  std::uint32_t& next_id_;
  NftRule rule_;
  NftProtocol network_ = NftProtocol::any;
  NftProtocol transport_ = NftProtocol::any;
};

}  // namespace

NftRule take_rule(NftReader& reader, std::uint8_t family, std::uint32_t& next_id) {
  return RuleReader(reader, family, next_id).read();
}

}  // namespace stack::network
