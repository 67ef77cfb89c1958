// SPDX-License-Identifier: Apache-2.0
#include "network/dns.h"

// Before ldns.h, which would otherwise define `true` and `false` as numbers.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <memory>

#include "base/format.h"

namespace stack::network {
namespace {

using Packet = std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)>;

enum class Edns { none, offers_4096 };

std::string ask(const char* name, ldns_rr_type type, Edns edns = Edns::none,
                ldns_rr_class rr_class = LDNS_RR_CLASS_IN) {
  const Packet packet(ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, rr_class, LDNS_RD),
                      ldns_pkt_free);
  ldns_pkt_set_id(packet.get(), 0x4711);
  if (edns == Edns::offers_4096) ldns_pkt_set_edns_udp_size(packet.get(), 4096);
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  ldns_pkt2wire(&data, packet.get(), &size);
  std::string wire(reinterpret_cast<const char*>(data), size);
  std::free(data);
  return wire;
}

/// "NOERROR qr aa rd ra: web A 172.18.0.2": code, flags, and type and value of each answer.
std::string describe(const std::string& wire) {
  ldns_pkt* parsed = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(wire.data());
  if (ldns_wire2pkt(&parsed, data, wire.size()) != LDNS_STATUS_OK) return "unreadable";
  const Packet packet(parsed, ldns_pkt_free);
  if (ldns_pkt_id(parsed) != 0x4711) return "another id";
  const ldns_lookup_table* code =
      ldns_lookup_by_id(ldns_rcodes, static_cast<int>(ldns_pkt_get_rcode(parsed)));
  std::string text = code->name;
  if (ldns_pkt_qr(parsed)) text += " qr";
  if (ldns_pkt_aa(parsed)) text += " aa";
  if (ldns_pkt_tc(parsed)) text += " tc";
  if (ldns_pkt_rd(parsed)) text += " rd";
  if (ldns_pkt_ra(parsed)) text += " ra";
  const ldns_rr_list* answers = ldns_pkt_answer(parsed);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    char* line = ldns_rr2str(ldns_rr_list_rr(answers, i));
    for (char* c = line; *c != '\0'; ++c) *c = *c == '\t' ? ' ' : *c;
    text += std::string("\n") + line;
    text.pop_back();
    std::free(line);
  }
  return text;
}

DnsView shop() {
  DnsView view;
  view.names["web"] = {*parse_ipv4("172.18.0.2")};
  view.names["db"] = {*parse_ipv4("172.18.0.3"), *parse_ipv4("172.18.0.4"),
                      *parse_ipv4("172.18.0.5")};
  view.names["cache.internal"] = {*parse_ipv4("172.18.0.9")};
  view.reverse[*parse_ipv4("172.18.0.2")] = "shop-web-1.shop_default";
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

TEST(Dns, AKnownNameWithoutTheAskedTypeIsNoDataRatherThanNoName) {
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_AAAA)), "NOERROR qr aa rd ra");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_MX)), "NOERROR qr aa rd ra");
}

TEST(Dns, AnUnknownSingleLabelIsNobody) {
  EXPECT_EQ(answer(ask("wbe", LDNS_RR_TYPE_A)), "NXDOMAIN qr aa rd ra");
  EXPECT_EQ(answer(ask("wbe", LDNS_RR_TYPE_AAAA)), "NXDOMAIN qr aa rd ra");
}

TEST(Dns, OtherNamesAreForwarded) {
  EXPECT_EQ(answer(ask("example.org", LDNS_RR_TYPE_A)), "forward");
  EXPECT_EQ(answer(ask("web.example.org", LDNS_RR_TYPE_A)), "forward");
  EXPECT_EQ(answer(ask(".", LDNS_RR_TYPE_NS)), "forward");
  EXPECT_EQ(answer(ask("web", LDNS_RR_TYPE_TXT, Edns::none, LDNS_RR_CLASS_CH)), "forward");
}

TEST(Dns, AKnownAddressHasAName) {
  EXPECT_EQ(answer(ask("2.0.18.172.in-addr.arpa", LDNS_RR_TYPE_PTR)),
            "NOERROR qr aa rd ra\n"
            "2.0.18.172.in-addr.arpa. 5 IN PTR shop-web-1.shop_default.");
  EXPECT_EQ(answer(ask("8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR)), "forward");
}

DnsView crowd(std::uint32_t size) {
  DnsView view;
  for (std::uint32_t i = 0; i < size; ++i) view.names["many"].push_back({172U << 24 | (i + 1)});
  return view;
}

TEST(Dns, AReplyThatDoesNotFitAsksForTcp) {
  const auto query = ask("many", LDNS_RR_TYPE_A);
  EXPECT_EQ(answer(query, crowd(60), 0, 512), "NOERROR qr aa tc rd ra");
  EXPECT_EQ(answer_dns(query, crowd(60), 0, 65535).reply.size(), 12U + 10 + 60 * 16);
}

TEST(Dns, EdnsMakesRoomUpTo1232Bytes) {
  const auto query = ask("many", LDNS_RR_TYPE_A, Edns::offers_4096);
  EXPECT_GT(answer_dns(query, crowd(60), 0, 512).reply.size(), 900U);
  EXPECT_EQ(answer(query, crowd(100), 0, 512), "NOERROR qr aa tc rd ra");
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
    RC_ASSERT(result.reply.size() <= 1232U);
    RC_ASSERT(result.verdict != DnsVerdict::answered ||
              result.reply.substr(0, 2) == query.substr(0, 2));
  }));
}

TEST(DnsReply, MatchesOnlyItsQuery) {
  const auto query = ask("web", LDNS_RR_TYPE_A);
  const auto reply = answer_dns(query, shop(), 0, 512).reply;
  EXPECT_TRUE(reply_matches(query, reply));
  EXPECT_FALSE(reply_matches(query, query)) << "a query is no reply";
  EXPECT_FALSE(reply_matches(ask("wep", LDNS_RR_TYPE_A), reply));
  EXPECT_FALSE(reply_matches(ask("web", LDNS_RR_TYPE_AAAA), reply));
  auto other_id = reply;
  other_id[0] ^= 1;
  EXPECT_FALSE(reply_matches(query, other_id));
  EXPECT_FALSE(reply_matches(query, reply.substr(0, 15)));
}

TEST(DnsReply, FailureIsToldWithTheQuestion) {
  const auto query = ask("example.org", LDNS_RR_TYPE_A);
  EXPECT_EQ(describe(servfail(query)), "SERVFAIL qr rd ra");
  EXPECT_TRUE(reply_matches(query, servfail(query)));
}

TEST(ResolvConf, IsReadAsTheResolverReadsIt) {
  const auto conf = parse_resolv_conf(
      "# a comment\nnameserver 192.0.2.1\n  nameserver\t2001:db8::1 ; second\n"
      "domain old.example\nsearch a.example b.example\noptions ndots:2 timeout:1\n"
      "options rotate\nsortlist 10.0.0.0\nnameserver\n");
  EXPECT_EQ(fmt::format("{}", fmt::join(conf.nameservers, " ")), "192.0.2.1 2001:db8::1");
  EXPECT_EQ(fmt::format("{}", fmt::join(conf.search, " ")), "a.example b.example");
  EXPECT_EQ(fmt::format("{}", fmt::join(conf.options, " ")), "ndots:2 timeout:1 rotate");
}

}  // namespace
}  // namespace stack::network
