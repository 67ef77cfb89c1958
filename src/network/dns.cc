// SPDX-License-Identifier: Apache-2.0
#include "network/dns.h"

#include <algorithm>

#include "base/text.h"
#include "network/dns_message.h"

namespace stack::network {
namespace {

/// Short: an address is only good until its container is recreated.
constexpr std::uint32_t time_to_live = 5;
constexpr std::string_view reverse_zone = ".in-addr.arpa";
constexpr std::string_view reverse_zone6 = ".ip6.arpa";
/// Of EDNS (RFC 6891): the upper eight bits of BADVERS, which is 16.
constexpr std::uint8_t bad_version = 1;

/// What is asked, as our maps write it.
struct Question {
  std::string name;  ///< lower case, without the final dot
  DnsType type = DnsType::a;
  std::uint16_t rr_class = internet_class;

  bool is_single_label() const { return !name.empty() && name.find('.') == std::string::npos; }
  bool is_internet() const { return rr_class == internet_class; }
  bool is_about_zones() const {
    return type == DnsType::ns || type == DnsType::soa || type == DnsType::ds ||
           type == DnsType::dnskey;
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

Question question_in(const DnsQuery& query) {
  return {name_text(query.name()), query.type(), query.rr_class()};
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

void add_address(DnsReply& reply, Ipv4 address) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(address.value >> shift & 0xff);
  reply.answers.push_back({DnsType::a, std::move(bytes)});
}

void add_address(DnsReply& reply, Ipv6 address) {
  const auto bytes = bytes_of(address);
  reply.answers.push_back({DnsType::aaaa, std::string(bytes.begin(), bytes.end())});
}

void add_name(DnsReply& reply, std::string_view name) {
  if (auto wire = wire_name(name)) reply.answers.push_back({DnsType::ptr, std::move(*wire)});
}

bool asks_for(const Question& question, DnsType type) {
  return question.type == type || question.type == DnsType::any;
}

template <typename Address>
void add_addresses(DnsReply& reply, const std::vector<Address>& addresses, std::uint32_t rotation) {
  for (std::size_t i = 0; i < addresses.size(); ++i)
    add_address(reply, addresses[(i + rotation) % addresses.size()]);
}

/// Where in a view an answer was found, if it was.
enum class Found { answer, nobody, elsewhere };

Found answer_name(const DnsAddresses& known, const Question& question, std::uint32_t rotation,
                  DnsReply& reply) {
  if (asks_for(question, DnsType::a)) add_addresses(reply, known.v4, rotation);
  if (asks_for(question, DnsType::aaaa)) add_addresses(reply, known.v6, rotation);
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
Found answer_address(const DnsView& view, Address address, const Question& question,
                     DnsReply& reply) {
  Found result = Found::elsewhere;
  for (const auto& zone : view.zones) {
    const auto& names = names_by_address(*zone, address);
    if (const auto known = names.find(address); known != names.end()) {
      if (asks_for(question, DnsType::ptr)) add_name(reply, known->second);
      return Found::answer;
    }
    if (holds(*zone, address)) result = Found::nobody;
  }
  return result;
}

Found answer_reverse(const DnsView& view, const Question& question, DnsReply& reply) {
  if (!question.is_internet()) return Found::elsewhere;
  if (const auto address = reverse_address(question.name))
    return answer_address(view, *address, question, reply);
  if (const auto address = reverse_address6(question.name))
    return answer_address(view, *address, question, reply);
  return Found::elsewhere;
}

Found answer_from(const DnsView& view, const Question& question, const DnsAddresses* known,
                  std::uint32_t rotation, DnsReply& reply) {
  if (known != nullptr) return answer_name(*known, question, rotation, reply);
  if (question.is_single_label() && !question.is_about_zones()) return Found::nobody;
  if (is_in_network(view, question.name)) return Found::nobody;
  return answer_reverse(view, question, reply);
}

std::size_t choices_in(const DnsAddresses* known, const Question& question) {
  if (known == nullptr) return 1;
  const std::size_t v4 = asks_for(question, DnsType::a) ? known->v4.size() : 0;
  const std::size_t v6 = asks_for(question, DnsType::aaaa) ? known->v6.size() : 0;
  return std::max({v4, v6, std::size_t{1}});
}

std::size_t room_for(const DnsQuery& query, std::size_t max_size) {
  if (!query.options) return max_size;
  const std::size_t offered = query.options->udp_size;
  return std::max(max_size, std::min(offered, largest_udp_size));
}

DnsAnswer refuse(std::string_view query, DnsCode code) {
  return {DnsVerdict::malformed, empty_reply(query, code)};
}

std::string written(const DnsQuery& query, const DnsReply& reply, std::size_t room) {
  return write_reply(query, reply, time_to_live, largest_udp_size, room);
}

}  // namespace

DnsAnswer answer_dns(std::string_view query, const DnsView& view, std::uint32_t rotation,
                     std::size_t max_size) {
  if (!is_query(query)) return {};  // answering an answer could go on for ever
  const auto asked = read_query(query);
  if (!asked) return refuse(query, DnsCode::format_error);
  if (asked->opcode != 0) return refuse(query, DnsCode::not_implemented);
  const std::size_t room = room_for(*asked, max_size);
  DnsReply reply;
  if (asked->options && asked->options->version != 0) {
    reply.extended_code = bad_version;
    return {DnsVerdict::answered, written(*asked, reply, room)};
  }
  const Question question = question_in(*asked);
  const DnsAddresses* known = question.is_internet() ? find_name(view, question.name) : nullptr;
  const Found found = answer_from(view, question, known, rotation, reply);
  if (found == Found::elsewhere) return {DnsVerdict::forward, {}};
  if (found == Found::nobody) reply.code = DnsCode::name_error;
  return {DnsVerdict::answered, written(*asked, reply, room), choices_in(known, question)};
}

std::size_t udp_room(std::string_view query) {
  const auto asked = read_query(query);
  return asked ? room_for(*asked, plain_udp_size) : plain_udp_size;
}

}  // namespace stack::network
