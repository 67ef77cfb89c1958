// SPDX-License-Identifier: Apache-2.0
#include "network/dns.h"

// Before ldns.h, which would otherwise define `true` and `false` as numbers.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <arpa/inet.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "network/dns_packet.h"

namespace stack::network {
namespace {

/// Short: an address is only good until its container is recreated.
constexpr std::uint32_t time_to_live = 5;
constexpr std::string_view reverse_zone = ".in-addr.arpa";
constexpr std::string_view reverse_zone6 = ".ip6.arpa";
/// Of EDNS (RFC 6891): the upper eight bits of BADVERS, which is 16.
constexpr std::uint8_t bad_version = 1;

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
  bool is_internet() const { return rr_class == LDNS_RR_CLASS_IN; }
  bool is_about_zones() const {
    return type == LDNS_RR_TYPE_NS || type == LDNS_RR_TYPE_SOA || type == LDNS_RR_TYPE_DS ||
           type == LDNS_RR_TYPE_DNSKEY;
  }
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

/// "2.0.….0.d.f.ip6.arpa", 32 digits -> fd00::2
std::optional<Ipv6> reverse_address6(std::string_view name) {
  if (!name.ends_with(reverse_zone6)) return std::nullopt;
  auto digits = split(name.substr(0, name.size() - reverse_zone6.size()), '.');
  const auto is_digit = [](const std::string& digit) { return digit.size() == 1; };
  if (digits.size() != 32 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::ranges::reverse(digits);
  const std::string number = join(digits, "");
  const auto high = parse_integer<std::uint64_t>(std::string_view(number).substr(0, 16), 16);
  const auto low = parse_integer<std::uint64_t>(std::string_view(number).substr(16), 16);
  if (!high || !low) return std::nullopt;
  return Ipv6{*high, *low};
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
    if (ldns_pkt_edns(query)) offer_edns(ldns_pkt_edns_do(query));
  }

  void set_code(ldns_pkt_rcode code) {
    ldns_pkt_set_rcode(packet_.get(), static_cast<std::uint8_t>(code));
  }

  void set_bad_version() { ldns_pkt_set_edns_extended_rcode(packet_.get(), bad_version); }

  void add_address(Ipv4 address) {
    const std::uint32_t bytes = htonl(address.value);
    add(LDNS_RR_TYPE_A, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, sizeof(bytes), &bytes));
  }

  void add_address(Ipv6 address) {
    const auto bytes = bytes_of(address);
    add(LDNS_RR_TYPE_AAAA, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, bytes.size(), bytes.data()));
  }

  void add_name(const std::string& name) {
    ldns_rdf* target = ldns_dname_new_frm_str((name + ".").c_str());
    if (target != nullptr) add(LDNS_RR_TYPE_PTR, target);
  }

  /// In wire format; over `limit` bytes with fewer answers, and TC set: ask again by TCP.
  std::string wire(std::size_t limit) {
    std::string whole = serialize(packet_.get());
    while (whole.size() > limit && ldns_pkt_ancount(packet_.get()) > 0) {
      ldns_pkt_set_tc(packet_.get(), true);
      drop_answers(1 + (whole.size() - limit) / largest_answer);
      whole = serialize(packet_.get());
    }
    return whole;
  }

 private:
  /// Of what there is more than one: an AAAA record with a compressed name.
  static constexpr std::size_t largest_answer = 12 + 16;

  void drop_answers(std::size_t count) {
    for (; count > 0; --count) ldns_rr_free(ldns_rr_list_pop_rr(ldns_pkt_answer(packet_.get())));
    const std::size_t left = ldns_rr_list_rr_count(ldns_pkt_answer(packet_.get()));
    ldns_pkt_set_ancount(packet_.get(), static_cast<std::uint16_t>(left));
  }

  void offer_edns(bool security_ok) {
    ldns_pkt_set_edns_udp_size(packet_.get(), largest_udp_size);
    ldns_pkt_set_edns_do(packet_.get(), security_ok);
  }

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

template <typename Address>
void add_addresses(Reply& reply, const std::vector<Address>& addresses, std::uint32_t rotation) {
  for (std::size_t i = 0; i < addresses.size(); ++i)
    reply.add_address(addresses[(i + rotation) % addresses.size()]);
}

/// Where in a view an answer was found, if it was.
enum class Found { answer, nobody, elsewhere };

Found answer_name(const DnsAddresses& known, const Question& question, std::uint32_t rotation,
                  Reply& reply) {
  if (asks_for(question, LDNS_RR_TYPE_A)) add_addresses(reply, known.v4, rotation);
  if (asks_for(question, LDNS_RR_TYPE_AAAA)) add_addresses(reply, known.v6, rotation);
  return Found::answer;
}

bool holds(const DnsZone& zone, Ipv4 address) {
  return zone.subnet.prefix > 0 && zone.subnet.contains(address);
}
bool holds(const DnsZone& zone, Ipv6 address) {
  return zone.subnet6.prefix > 0 && zone.subnet6.contains(address);
}
const std::map<Ipv4, std::string>& names_by_address(const DnsZone& zone, Ipv4) {
  return zone.reverse;
}
const std::map<Ipv6, std::string>& names_by_address(const DnsZone& zone, Ipv6) {
  return zone.reverse6;
}

template <typename Address>
Found answer_address(const DnsView& view, Address address, const Question& question, Reply& reply) {
  Found result = Found::elsewhere;
  for (const auto& zone : view.zones) {
    const auto& names = names_by_address(*zone, address);
    if (const auto known = names.find(address); known != names.end()) {
      if (asks_for(question, LDNS_RR_TYPE_PTR)) reply.add_name(known->second);
      return Found::answer;
    }
    if (holds(*zone, address)) result = Found::nobody;
  }
  return result;
}

Found answer_reverse(const DnsView& view, const Question& question, Reply& reply) {
  if (!question.is_internet()) return Found::elsewhere;
  if (const auto address = reverse_address(question.name))
    return answer_address(view, *address, question, reply);
  if (const auto address = reverse_address6(question.name))
    return answer_address(view, *address, question, reply);
  return Found::elsewhere;
}

Found answer_from(const DnsView& view, const Question& question, const DnsAddresses* known,
                  std::uint32_t rotation, Reply& reply) {
  if (known != nullptr) return answer_name(*known, question, rotation, reply);
  if (question.is_single_label() && !question.is_about_zones()) return Found::nobody;
  if (is_in_network(view, question.name)) return Found::nobody;
  return answer_reverse(view, question, reply);
}

std::size_t choices_in(const DnsAddresses* known, const Question& question) {
  if (known == nullptr) return 1;
  const std::size_t v4 = asks_for(question, LDNS_RR_TYPE_A) ? known->v4.size() : 0;
  const std::size_t v6 = asks_for(question, LDNS_RR_TYPE_AAAA) ? known->v6.size() : 0;
  return std::max({v4, v6, std::size_t{1}});
}

std::size_t room_for(const ldns_pkt* query, std::size_t max_size) {
  if (!ldns_pkt_edns(query)) return max_size;
  const std::size_t offered = ldns_pkt_edns_udp_size(query);
  return std::max(max_size, std::min(offered, largest_udp_size));
}

DnsAnswer refuse(std::string_view query, DnsCode code) {
  return {DnsVerdict::malformed, empty_reply(query, code)};
}

}  // namespace

DnsAnswer answer_dns(std::string_view query, const DnsView& view, std::uint32_t rotation,
                     std::size_t max_size) {
  if (!is_query(query)) return {};  // answering an answer could go on for ever
  const Packet packet = parse(query);
  // The library follows a compressed name into the header, whose bytes are no name of the client's.
  if (!packet || ldns_pkt_qdcount(packet.get()) != 1 || !question_of(query))
    return refuse(query, DnsCode::format_error);
  if (ldns_pkt_get_opcode(packet.get()) != LDNS_PACKET_QUERY) {
    return refuse(query, DnsCode::not_implemented);
  }
  const std::size_t room = room_for(packet.get(), max_size);
  Reply reply(packet.get());
  if (ldns_pkt_edns(packet.get()) && ldns_pkt_edns_version(packet.get()) != 0) {
    reply.set_bad_version();
    return {DnsVerdict::answered, reply.wire(room)};
  }
  const Question question = question_in(packet.get());
  const DnsAddresses* known = question.is_internet() ? find_name(view, question.name) : nullptr;
  const Found found = answer_from(view, question, known, rotation, reply);
  if (found == Found::elsewhere) return {DnsVerdict::forward, {}};
  if (found == Found::nobody) reply.set_code(LDNS_RCODE_NXDOMAIN);
  return {DnsVerdict::answered, reply.wire(room), choices_in(known, question)};
}

std::size_t udp_room(std::string_view query) {
  const Packet packet = parse(query);
  return packet ? room_for(packet.get(), plain_udp_size) : plain_udp_size;
}

}  // namespace stack::network
