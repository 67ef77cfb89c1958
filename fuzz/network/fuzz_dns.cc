// SPDX-License-Identifier: Apache-2.0
// Any bytes as a DNS query of a container, and as an upstream's reply.
#include <cstdint>
#include <cstdlib>

#include "network/dns_answers.h"
#include "network/dns_packet.h"

namespace {

using namespace stack::network;

DnsView shop() {
  DnsZone zone;
  zone.name = "shop_default";
  zone.names["web"] = {{{0xac120002}}, {{0xfdULL << 56, 2}}};
  for (std::uint32_t i = 3; i < 400; ++i) zone.names["db"].v4.push_back({0xac120000 + i});
  zone.reverse[{0xac120002}] = "shop-web-1.shop_default";
  zone.reverse6[{0xfdULL << 56, 2}] = "shop-web-1.shop_default";
  zone.subnet = {{0xac120000}, 16};
  DnsView view;
  view.own["host.internal"] = {{{0x0a7f0801}}, {}};
  view.zones.push_back(std::make_shared<DnsZone>(zone));
  return view;
}

void require(bool truth) {
  if (!truth) std::abort();
}

/// What is answered out of memory is what is answered anew, but for the order of addresses.
void check_answers(std::string_view query) {
  static DnsAnswers answers(shop());
  const DnsAnswer anew = answer_dns(query, answers.view(), 1, plain_udp_size);
  std::string first, second;
  const DnsVerdict verdict = answers.answer_udp(query, first);
  require(answers.answer_udp(query, second) == verdict);
  require(query.size() <= 2 || verdict == anew.verdict);
  require(verdict != DnsVerdict::forward || (first.empty() && second.empty()));
  if (verdict != DnsVerdict::answered) return;
  require(first.size() == anew.reply.size() && second.size() == first.size());
  require(!first.empty() && first.size() <= largest_udp_size);
  require(match_reply(query, first) == DnsMatch::same);
  require(match_reply(query, second) == DnsMatch::same);
}

void check_disguise(std::string_view query) {
  const std::string random = "id" + std::string(32, '\x5a');
  const std::string disguise = disguised(query, random);
  require(disguise.size() == query.size());
  if (!question_of(query) || !is_query(query)) return;
  const std::string reply = empty_reply(disguise, DnsCode::no_error);
  require(question_of(disguise).has_value());
  require(undisguised(query, reply) == empty_reply(query, DnsCode::no_error));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_answers(bytes);
  check_disguise(bytes);
  const auto failure = empty_reply(bytes, DnsCode::server_failure);
  require(failure.empty() == (size < 12));
  static_cast<void>(match_reply(failure, bytes));
  static_cast<void>(udp_room(bytes));
  static_cast<void>(parse_resolv_conf(bytes));
  return 0;
}
