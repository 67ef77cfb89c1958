// SPDX-License-Identifier: Apache-2.0
#include "network/dns_packet.h"

#include <gtest/gtest.h>

#include "base/format.h"
#include "dns_messages.h"
#include "network/dns.h"

namespace stack::network {
namespace {

TEST(DnsReply, MatchesOnlyItsQuery) {
  const auto query = ask("web", LDNS_RR_TYPE_A);
  const auto reply = empty_reply(query, DnsCode::no_error);
  EXPECT_EQ(match_reply(query, reply), DnsMatch::same);
  EXPECT_EQ(match_reply(query, query), DnsMatch::none) << "a query is no reply";
  EXPECT_EQ(match_reply(ask("wep", LDNS_RR_TYPE_A), reply), DnsMatch::none);
  EXPECT_EQ(match_reply(ask("web", LDNS_RR_TYPE_AAAA), reply), DnsMatch::none);
  EXPECT_EQ(match_reply(ask("wEb", LDNS_RR_TYPE_A), reply), DnsMatch::other_case);
  auto other_id = reply;
  other_id[0] ^= 1;
  EXPECT_EQ(match_reply(query, other_id), DnsMatch::none);
  EXPECT_EQ(match_reply(query, reply.substr(0, 15)), DnsMatch::none);
}

TEST(DnsReply, ATypeIsNotALetter) {
  // 0x41 and 0x61, types 65 (HTTPS) and 97, are letters to whoever compares bytes only.
  EXPECT_EQ(match_reply(ask("web", static_cast<ldns_rr_type>(65)),
                        empty_reply(ask("web", static_cast<ldns_rr_type>(97)), DnsCode::no_error)),
            DnsMatch::none);
}

TEST(DnsReply, ADisguisedQueryIsTheSameQuestionAndItsReplyIsTurnedBack) {
  const auto query = ask("web.example.org", LDNS_RR_TYPE_A);
  const std::string random = "\x12\x34" + std::string(32, '\xff');
  const auto disguise = disguised(query, random);
  EXPECT_EQ(question_of(disguise)->substr(0, 17), std::string("\3WEB\7EXAMPLE\3ORG\0", 17));
  EXPECT_EQ(disguise.substr(0, 2), "\x12\x34");
  const auto reply = empty_reply(disguise, DnsCode::name_error);
  EXPECT_EQ(match_reply(disguise, reply), DnsMatch::same);
  EXPECT_EQ(undisguised(query, reply), empty_reply(query, DnsCode::name_error));
  EXPECT_EQ(undisguised(query, "short"), "short");
}

TEST(DnsReply, FailureIsToldWithTheQuestion) {
  const auto query = ask("example.org", LDNS_RR_TYPE_A);
  const auto failure = empty_reply(query, DnsCode::server_failure);
  EXPECT_EQ(describe(failure), "SERVFAIL qr rd ra");
  EXPECT_EQ(code_of(failure), DnsCode::server_failure);
  EXPECT_EQ(match_reply(query, failure), DnsMatch::same);
  EXPECT_EQ(describe(truncated_reply(query)), "NOERROR qr tc rd ra");
  EXPECT_TRUE(is_truncated(truncated_reply(query)));
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
