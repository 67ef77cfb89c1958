// SPDX-License-Identifier: Apache-2.0
#include "network/dns.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/format.h"
#include "dns_messages.h"
#include "network/dns_answers.h"

namespace stack::network {
namespace {

DnsView shop() {
  DnsZone zone;
  zone.name = "shop_default";
  zone.names["web"] = {{*parse_ipv4("172.18.0.2")}, {*parse_ipv6("fd00::2")}};
  zone.names["db"] = {
      {*parse_ipv4("172.18.0.3"), *parse_ipv4("172.18.0.4"), *parse_ipv4("172.18.0.5")}, {}};
  zone.names["cache.internal"] = {{*parse_ipv4("172.18.0.9")}, {}};
  zone.reverse[*parse_ipv4("172.18.0.2")] = "shop-web-1.shop_default";
  zone.reverse6[*parse_ipv6("fd00::2")] = "shop-web-1.shop_default";
  zone.subnet = *parse_subnet("172.18.0.0/20");
  zone.subnet6 = *parse_subnet6("fd00::/64");
  DnsView view;
  view.zones.push_back(std::make_shared<DnsZone>(zone));
  return view;
}

/// The answer to a query, or the verdict when there is none.
std::string answer(const std::string& query, const DnsView& view = shop(),
                   std::uint32_t rotation = 0, std::size_t max_size = 512) {
  const DnsAnswer result = answer_dns(query, view, rotation, max_size);
  if (result.verdict == DnsVerdict::forward) return "forward";
  const std::string prefix = result.verdict == DnsVerdict::malformed ? "malformed: " : "";
  return prefix + (result.reply.empty() ? "no reply" : describe(result.reply));
}

TEST(Dns, AKnownNameHasItsAddress) {
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_A)), "NOERROR qr aa rd ra\nweb. 5 IN A 172.18.0.2");
}

TEST(Dns, NamesMayHaveDotsAndAnyCase) {
  EXPECT_EQ(answer(ask("Cache.INTERNAL", LDNS_RR_TYPE_A)),
            "NOERROR qr aa rd ra\nCache.INTERNAL. 5 IN A 172.18.0.9");
}

TEST(Dns, SeveralAddressesTakeTurns) {
  EXPECT_EQ(answer(ask("db", LDNS_RR_TYPE_A), shop(), 0),
            "NOERROR qr aa rd ra\ndb. 5 IN A 172.18.0.3\ndb. 5 IN A 172.18.0.4\n"
            "db. 5 IN A 172.18.0.5");
  EXPECT_EQ(answer(ask("db", LDNS_RR_TYPE_A), shop(), 4),
            "NOERROR qr aa rd ra\ndb. 5 IN A 172.18.0.4\ndb. 5 IN A 172.18.0.5\n"
            "db. 5 IN A 172.18.0.3");
}

TEST(Dns, ANameHasAddressesOfBothFamilies) {
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_AAAA)), "NOERROR qr aa rd ra\nweb. 5 IN AAAA fd00::2");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_ANY)),
            "NOERROR qr aa rd ra\nweb. 5 IN A 172.18.0.2\nweb. 5 IN AAAA fd00::2");
}

TEST(Dns, EachNameIsKnownWithItsNetworkToo) {
  EXPECT_EQ(answer(ask("web.SHOP_default", LDNS_RR_TYPE_A)),
            "NOERROR qr aa rd ra\nweb.SHOP_default. 5 IN A 172.18.0.2");
  EXPECT_EQ(answer(ask("xshop_default", LDNS_RR_TYPE_A)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("web.other_default", LDNS_RR_TYPE_A)), "forward");
}

TEST(Dns, WhatNobodyInANetworkIsCalledIsAskedOfNobody) {
  EXPECT_EQ(answer(ask("stopped.shop_default", LDNS_RR_TYPE_A)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("a.b.shop_default", LDNS_RR_TYPE_TXT)), "NXDOMAIN qr aa rd ra");
  DnsView view;
  DnsZone zone;
  zone.name = "dev";  // a domain of the world, too
  view.zones.push_back(std::make_shared<DnsZone>(zone));
  EXPECT_EQ(answer(ask("go.dev", LDNS_RR_TYPE_A), view), "forward");
}

TEST(Dns, OwnNamesComeFirstThenNetworksInTheirOrder) {
  DnsView view = shop();
  DnsZone second;
  second.name = "shop_back";
  second.names["web"] = {{*parse_ipv4("172.19.0.2")}, {}};
  second.names["queue"] = {{*parse_ipv4("172.19.0.3")}, {}};
  view.zones.push_back(std::make_shared<DnsZone>(second));
  EXPECT_EQ(find_name(view, "web")->v4.front(), *parse_ipv4("172.18.0.2"));
  EXPECT_EQ(find_name(view, "web.shop_back")->v4.front(), *parse_ipv4("172.19.0.2"));
  EXPECT_EQ(find_name(view, "queue")->v4.front(), *parse_ipv4("172.19.0.3"));
  view.own["web"] = {{*parse_ipv4("192.0.2.1")}, {}};
  EXPECT_EQ(find_name(view, "web")->v4.front(), *parse_ipv4("192.0.2.1"));
  EXPECT_EQ(find_name(view, "nobody"), nullptr);
}

TEST(Dns, AKnownNameWithoutTheAskedTypeIsNoDataRatherThanNoName) {
  EXPECT_EQ(answer(ask("db", LDNS_RR_TYPE_AAAA)), "NOERROR qr aa rd ra");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_MX)), "NOERROR qr aa rd ra");
}

TEST(Dns, AnUnknownSingleLabelIsNobody) {
  EXPECT_EQ(answer(ask("wbe", LDNS_RR_TYPE_A)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("wbe", LDNS_RR_TYPE_AAAA)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_TXT, Edns::none, LDNS_RR_CLASS_CH)),
            "NXDOMAIN qr aa rd ra");
}

TEST(Dns, OnlyQuestionsAboutZonesAskForTopLevelDomains) {
  EXPECT_EQ(answer(ask("org", LDNS_RR_TYPE_DS)), "forward");
  EXPECT_EQ(answer(ask("org", LDNS_RR_TYPE_NS)), "forward");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_DS)), "NOERROR qr aa rd ra");
  EXPECT_EQ(answer(ask("org", LDNS_RR_TYPE_TXT)), "NXDOMAIN qr aa rd ra");
}

TEST(Dns, OtherNamesAreForwarded) {
  EXPECT_EQ(answer(ask("example.org", LDNS_RR_TYPE_A)), "forward");
  EXPECT_EQ(answer(ask("web.example.org", LDNS_RR_TYPE_A)), "forward");
  EXPECT_EQ(answer(ask(".", LDNS_RR_TYPE_NS)), "forward");
  EXPECT_EQ(answer(ask("version.bind", LDNS_RR_TYPE_TXT, Edns::none, LDNS_RR_CLASS_CH)), "forward");
}

TEST(Dns, AKnownAddressHasAName) {
  EXPECT_EQ(answer(ask("2.0.18.172.in-addr.arpa", LDNS_RR_TYPE_PTR)),
            "NOERROR qr aa rd ra\n"
            "2.0.18.172.in-addr.arpa. 5 IN PTR shop-web-1.shop_default.");
  EXPECT_EQ(answer(ask("8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR)), "forward");
}

/// The name of an address for reverse look-ups (RFC 3596).
std::string arpa(const char* address) {
  std::string name;
  for (const unsigned char byte : bytes_of(*parse_ipv6(address)))
    name = fmt::format("{:x}.{:x}.", byte & 15, byte >> 4) + name;
  return name + "ip6.arpa";
}

TEST(Dns, AKnownIpv6AddressHasAName) {
  EXPECT_EQ(answer(ask(arpa("fd00::2").c_str(), LDNS_RR_TYPE_PTR)),
            "NOERROR qr aa rd ra\n" + arpa("fd00::2") + ". 5 IN PTR shop-web-1.shop_default.");
  EXPECT_EQ(answer(ask(arpa("2001:db8::1").c_str(), LDNS_RR_TYPE_PTR)), "forward");
  EXPECT_EQ(answer(ask("2.0.0.0.ip6.arpa", LDNS_RR_TYPE_PTR)), "forward");
}

TEST(Dns, AnAddressOfTheNetworkThatNobodyHasIsAskedOfNobody) {
  EXPECT_EQ(answer(ask("77.15.18.172.in-addr.arpa", LDNS_RR_TYPE_PTR)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask(arpa("fd00::77").c_str(), LDNS_RR_TYPE_PTR)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("1.16.18.172.in-addr.arpa", LDNS_RR_TYPE_PTR)), "forward");
}

DnsView crowd(std::uint32_t size) {
  DnsZone zone;
  for (std::uint32_t i = 0; i < size; ++i) zone.names["many"].v4.push_back({172U << 24 | (i + 1)});
  DnsView view;
  view.zones.push_back(std::make_shared<DnsZone>(zone));
  return view;
}

/// How many addresses a reply to "many" has, and whether it is cut short.
std::string counted(const std::string& reply) {
  const std::string text = describe(reply);
  const auto lines = std::ranges::count(text, '\n');
  return fmt::format("{}{}", lines, text.starts_with("NOERROR qr aa tc") ? " tc" : "");
}

TEST(Dns, AReplyThatDoesNotFitHasWhatFitsAndAsksForTcp) {
  const auto query = ask("many", LDNS_RR_TYPE_A);
  const auto cut = answer_dns(query, crowd(60), 0, 512).reply;
  EXPECT_EQ(counted(cut), "30 tc");
  EXPECT_LE(cut.size(), 512U);
  const auto whole = answer_dns(query, crowd(60), 0, 65535).reply;
  EXPECT_EQ(counted(whole), "60");
  EXPECT_EQ(whole.size(), 12U + 10 + 60 * 16);
  EXPECT_EQ(counted(answer_dns(query, crowd(5000), 0, 65535).reply), "4094 tc");
}

TEST(Dns, EdnsMakesRoomForWhatTheClientTakes) {
  const auto query = ask("many", LDNS_RR_TYPE_A, Edns::offers_4096);
  EXPECT_EQ(counted(answer_dns(query, crowd(250), 0, 512).reply), "250");
  EXPECT_EQ(counted(answer_dns(query, crowd(300), 0, 512).reply), "253 tc");
  EXPECT_EQ(udp_room(query), 4096U);
  EXPECT_EQ(udp_room(ask("many", LDNS_RR_TYPE_A)), 512U);
}

/// The OPT record of a reply, RFC 6891: "size 4096 code 0 version 0"; empty when there is none.
std::string options_of(const std::string& wire) {
  ldns_pkt* parsed = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(wire.data());
  if (ldns_wire2pkt(&parsed, data, wire.size()) != LDNS_STATUS_OK) return "unreadable";
  const Packet packet(parsed, ldns_pkt_free);
  if (!ldns_pkt_edns(parsed)) return "";
  return fmt::format("size {} code {} version {}{}", ldns_pkt_edns_udp_size(parsed),
                     ldns_pkt_edns_extended_rcode(parsed), ldns_pkt_edns_version(parsed),
                     ldns_pkt_edns_do(parsed) ? " do" : "");
}

/// A query with an OPT record that says these things.
std::string ask_with_options(std::uint16_t size, std::uint8_t version, bool security_ok) {
  const Packet packet(
      ldns_pkt_query_new(ldns_dname_new_frm_str("web"), LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, LDNS_RD),
      ldns_pkt_free);
  ldns_pkt_set_id(packet.get(), 0x4711);
  ldns_pkt_set_edns_udp_size(packet.get(), size);
  ldns_pkt_set_edns_version(packet.get(), version);
  ldns_pkt_set_edns_do(packet.get(), security_ok);
  std::uint8_t* data = nullptr;
  std::size_t length = 0;
  ldns_pkt2wire(&data, packet.get(), &length);
  std::string wire(reinterpret_cast<const char*>(data), length);
  std::free(data);
  return wire;
}

TEST(Dns, WhoSpeaksEdnsIsAnsweredInIt) {
  EXPECT_EQ(options_of(answer_dns(ask("web", LDNS_RR_TYPE_A), shop(), 0, 512).reply), "");
  EXPECT_EQ(options_of(answer_dns(ask_with_options(1232, 0, false), shop(), 0, 512).reply),
            "size 4096 code 0 version 0");
  EXPECT_EQ(options_of(answer_dns(ask_with_options(100, 0, true), shop(), 0, 512).reply),
            "size 4096 code 0 version 0 do");
}

TEST(Dns, AnUnknownVersionOfEdnsIsTold) {
  const auto reply = answer_dns(ask_with_options(1232, 1, false), shop(), 0, 512).reply;
  EXPECT_EQ(options_of(reply), "size 4096 code 1 version 0");  // BADVERS, 16, in two parts
  EXPECT_EQ(describe(reply), "NOERROR qr aa rd ra");
}

TEST(Dns, GarbageWithAnIdIsAFormatError) {
  auto query = ask("web", LDNS_RR_TYPE_A);
  query.resize(query.size() - 3);
  EXPECT_EQ(answer(query), "malformed: FORMERR qr rd ra");
}

TEST(Dns, ACompressionLoopIsAFormatError) {
  auto query = ask("web", LDNS_RR_TYPE_A).substr(0, 12) + std::string("\xc0\x0c\0\1\0\1", 6);
  EXPECT_EQ(answer(query), "malformed: FORMERR qr rd ra");
}

TEST(Dns, ACompressedQuestionIsAFormatError) {
  // The pointer leads to the header's last byte, a zero: the root's name to a lenient parser.
  auto query = ask("web", LDNS_RR_TYPE_A).substr(0, 12) + std::string("\1w\xc0\x0b\0\1\0\1", 8);
  EXPECT_EQ(answer(query), "malformed: FORMERR qr rd ra");
}

TEST(Dns, LessThanAHeaderIsNotAnswered) {
  EXPECT_EQ(answer("abc"), "malformed: no reply");
  EXPECT_EQ(answer(""), "malformed: no reply");
}

TEST(Dns, AnAnswerIsNotAnswered) {
  auto query = ask("web", LDNS_RR_TYPE_A);
  query[2] = static_cast<char>(query[2] | 0x80);
  EXPECT_EQ(answer(query), "malformed: no reply");
}

TEST(Dns, OtherOperationsAreNotImplemented) {
  auto query = ask("web", LDNS_RR_TYPE_A);
  query[2] = static_cast<char>(query[2] | 0x28);  // UPDATE
  EXPECT_EQ(answer(query), "malformed: NOTIMPL qr rd ra");
}

TEST(Dns, AnyBytesGetAVerdictAndNoReplyIsOverTheLimit) {
  EXPECT_TRUE(rc::check("random and damaged queries", [] {
    auto query = ask("web", LDNS_RR_TYPE_A, Edns::offers_4096);
    for (int flips = *rc::gen::inRange(1, 6); flips > 0; --flips) {
      const auto at = *rc::gen::inRange<std::size_t>(0, query.size());
      query[at] = *rc::gen::arbitrary<char>();
    }
    const DnsAnswer result = answer_dns(query, shop(), 1, 512);
    RC_ASSERT(result.reply.size() <= 4096U);
    RC_ASSERT(result.verdict != DnsVerdict::answered ||
              result.reply.substr(0, 2) == query.substr(0, 2));
  }));
}

TEST(DnsAnswers, AreTheSameTheSecondTimeUnderTheNewId) {
  DnsAnswers answers(shop());
  auto query = ask("web", LDNS_RR_TYPE_A);
  std::string first, second;
  EXPECT_EQ(answers.answer_udp(query, first), DnsVerdict::answered);
  query[0] ^= 1;
  EXPECT_EQ(answers.answer_udp(query, second), DnsVerdict::answered);
  EXPECT_EQ(second.substr(0, 2), query.substr(0, 2));
  EXPECT_EQ(second.substr(2), first.substr(2));
}

TEST(DnsAnswers, EveryReplicaIsFirstAsOftenAsTheOthers) {
  DnsAnswers answers(shop());
  std::map<std::string, int> first;
  std::string reply;
  for (int i = 0; i < 300; ++i) {
    answers.answer_udp(ask("db", LDNS_RR_TYPE_A), reply);
    ++first[describe(reply).substr(describe(reply).find("172"), 10)];
  }
  EXPECT_EQ(first, (std::map<std::string, int>{
                       {"172.18.0.3", 100}, {"172.18.0.4", 100}, {"172.18.0.5", 100}}));
}

TEST(DnsAnswers, KeepWhatIsAskedWithinBounds) {
  DnsAnswers answers(shop());
  std::string reply;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(answers.answer_udp(ask(fmt::format("x{}", i).c_str(), LDNS_RR_TYPE_A), reply),
              DnsVerdict::answered);
    EXPECT_LE(answers.kept(), std::size_t{256} << 10);
  }
}

TEST(DnsAnswers, AreNotForQuestionsOfTheWorld) {
  DnsAnswers answers(shop());
  std::string reply;
  EXPECT_EQ(answers.answer_udp(ask("example.org", LDNS_RR_TYPE_A), reply), DnsVerdict::forward);
  EXPECT_EQ(answers.answer_udp("x", reply), DnsVerdict::malformed);
  EXPECT_EQ(answers.answer_udp("", reply), DnsVerdict::malformed);
}

}  // namespace
}  // namespace stack::network
