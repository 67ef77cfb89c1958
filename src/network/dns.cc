// SPDX-License-Identifier: Apache-2.0
#include "network/dns.h"

// Before ldns.h, which would otherwise define `true` and `false` as numbers.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "network/dns_packet.h"

namespace stack::network {
namespace {

/// Short: an address is only good until its container is recreated.
constexpr std::uint32_t time_to_live = 5;
/// What we take and offer over UDP (RFC 6891); more would be fragmented on its way.
constexpr std::size_t udp_size = 1232;
constexpr std::string_view reverse_zone = ".in-addr.arpa";

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, FreePacket>;

Packet parse(std::string_view message) {
  ldns_pkt* packet = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(message.data());
  if (ldns_wire2pkt(&packet, data, message.size()) != LDNS_STATUS_OK) return nullptr;
  return Packet(packet);
}

std::string serialize(const ldns_pkt* packet) {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&data, packet, &size) != LDNS_STATUS_OK) return {};
  std::string wire(reinterpret_cast<const char*>(data), size);
  std::free(data);
  return wire;
}

/// What is asked, as our maps write it.
struct Question {
  std::string name;  ///< lower case, without the final dot
  ldns_rr_type type = LDNS_RR_TYPE_A;
  ldns_rr_class rr_class = LDNS_RR_CLASS_IN;

  bool is_single_label() const { return !name.empty() && name.find('.') == std::string::npos; }
};

/// The labels of a name in wire format, joined by dots. A label may hold any byte, a dot too: such
/// a name is nobody's, and stays so because the byte is escaped.
std::string name_text(std::string_view wire) {
  std::string text;
  for (std::size_t at = 0; at < wire.size() && wire[at] != 0;) {
    const auto length = static_cast<std::uint8_t>(wire[at]);
    if (!text.empty()) text += '.';
    for (const char c : wire.substr(at + 1, length)) {
      text += c == '.' ? std::string("\\.") : std::string(1, c);
    }
    at += std::size_t{1} + length;
  }
  return to_lower(text);
}

Question question_in(const ldns_pkt* query) {
  const ldns_rr* rr = ldns_rr_list_rr(ldns_pkt_question(query), 0);
  const ldns_rdf* owner = ldns_rr_owner(rr);
  const std::string_view wire(reinterpret_cast<const char*>(ldns_rdf_data(owner)),
                              ldns_rdf_size(owner));
  return {name_text(wire), ldns_rr_get_type(rr), ldns_rr_get_class(rr)};
}

/// "2.0.18.172.in-addr.arpa" -> 172.18.0.2
std::optional<Ipv4> reverse_address(std::string_view name) {
  if (!name.ends_with(reverse_zone)) return std::nullopt;
  auto parts = split(name.substr(0, name.size() - reverse_zone.size()), '.');
  if (parts.size() != 4) return std::nullopt;
  std::ranges::reverse(parts);
  return parse_ipv4(join(parts, "."));
}

/// An answer under way: the query's id, flags and question, and what is added.
class Reply {
 public:
  explicit Reply(const ldns_pkt* query) : packet_(ldns_pkt_new()) {
    ldns_pkt_set_id(packet_.get(), ldns_pkt_id(query));
    ldns_pkt_set_qr(packet_.get(), true);
    ldns_pkt_set_aa(packet_.get(), true);
    ldns_pkt_set_rd(packet_.get(), ldns_pkt_rd(query));
    ldns_pkt_set_ra(packet_.get(), true);
    const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
    ldns_pkt_push_rr(packet_.get(), LDNS_SECTION_QUESTION, ldns_rr_clone(question));
    if (ldns_pkt_edns(query)) ldns_pkt_set_edns_udp_size(packet_.get(), udp_size);
  }

  void set_code(ldns_pkt_rcode code) {
    ldns_pkt_set_rcode(packet_.get(), static_cast<std::uint8_t>(code));
  }

  void add_address(Ipv4 address) {
    const std::array<std::uint8_t, 4> bytes = {static_cast<std::uint8_t>(address.value >> 24),
                                               static_cast<std::uint8_t>(address.value >> 16),
                                               static_cast<std::uint8_t>(address.value >> 8),
                                               static_cast<std::uint8_t>(address.value)};
    add(LDNS_RR_TYPE_A, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, bytes.size(), bytes.data()));
  }

  void add_name(const std::string& name) {
    ldns_rdf* target = ldns_dname_new_frm_str((name + ".").c_str());
    if (target != nullptr) add(LDNS_RR_TYPE_PTR, target);
  }

  /// In wire format; over `limit` bytes without its answers, and TC set: ask again by TCP.
  std::string wire(std::size_t limit) {
    std::string whole = serialize(packet_.get());
    if (whole.size() <= limit) return whole;
    while (ldns_rr* dropped = ldns_rr_list_pop_rr(ldns_pkt_answer(packet_.get()))) {
      ldns_rr_free(dropped);
    }
    ldns_pkt_set_ancount(packet_.get(), 0);
    ldns_pkt_set_tc(packet_.get(), true);
    return serialize(packet_.get());
  }

 private:
  void add(ldns_rr_type type, ldns_rdf* data) {
    ldns_rr* rr = ldns_rr_new();
    const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(packet_.get()), 0);
    ldns_rr_set_owner(rr, ldns_rdf_clone(ldns_rr_owner(question)));
    ldns_rr_set_type(rr, type);
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    ldns_rr_set_ttl(rr, time_to_live);
    ldns_rr_push_rdf(rr, data);
    ldns_pkt_push_rr(packet_.get(), LDNS_SECTION_ANSWER, rr);
  }

  Packet packet_;
};

bool asks_for(const Question& question, ldns_rr_type type) {
  return question.type == type || question.type == LDNS_RR_TYPE_ANY;
}

void add_addresses(Reply& reply, const std::vector<Ipv4>& addresses, std::uint32_t rotation) {
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    reply.add_address(addresses[(i + rotation) % addresses.size()]);
  }
}

/// Fills `reply` when the question is ours; false when an upstream has to be asked.
bool answer_from(const DnsView& view, const Question& question, std::uint32_t rotation,
                 Reply& reply) {
  if (question.rr_class != LDNS_RR_CLASS_IN) return false;
  if (const auto known = view.names.find(question.name); known != view.names.end()) {
    if (asks_for(question, LDNS_RR_TYPE_A)) add_addresses(reply, known->second, rotation);
    return true;
  }
  if (const auto address = reverse_address(question.name)) {
    const auto known = view.reverse.find(*address);
    if (known == view.reverse.end()) return false;
    if (asks_for(question, LDNS_RR_TYPE_PTR)) reply.add_name(known->second);
    return true;
  }
  if (!question.is_single_label()) return false;
  reply.set_code(LDNS_RCODE_NXDOMAIN);
  return true;
}

std::size_t reply_limit(const ldns_pkt* query, std::size_t max_size) {
  if (!ldns_pkt_edns(query)) return max_size;
  const std::size_t offered = ldns_pkt_edns_udp_size(query);
  return std::max(max_size, std::min(offered, udp_size));
}

DnsAnswer refuse(std::string_view query, DnsCode code) {
  return {DnsVerdict::malformed, empty_reply(query, code)};
}

}  // namespace

DnsAnswer answer_dns(std::string_view query, const DnsView& view, std::uint32_t rotation,
                     std::size_t max_size) {
  if (!is_query(query)) return {};  // answering an answer could go on for ever
  const Packet packet = parse(query);
  if (!packet || ldns_pkt_qdcount(packet.get()) != 1) return refuse(query, DnsCode::format_error);
  if (ldns_pkt_get_opcode(packet.get()) != LDNS_PACKET_QUERY) {
    return refuse(query, DnsCode::not_implemented);
  }
  Reply reply(packet.get());
  if (!answer_from(view, question_in(packet.get()), rotation, reply)) {
    return {DnsVerdict::forward, {}};
  }
  return {DnsVerdict::answered, reply.wire(reply_limit(packet.get(), max_size))};
}

bool reply_matches(std::string_view query, std::string_view reply) {
  const auto asked = question_of(query);
  const auto answered = question_of(reply);
  return asked && answered && !is_query(reply) && query.substr(0, 2) == reply.substr(0, 2) &&
         reply[4] == 0 && reply[5] == 1 && *asked == *answered;
}

std::string servfail(std::string_view query) {
  return empty_reply(query, DnsCode::server_failure);
}

}  // namespace stack::network
