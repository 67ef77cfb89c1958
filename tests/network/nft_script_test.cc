// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter.h>

#include "base/error.h"
#include "network/nft_notes.h"
#include "network/nft_rule.h"
#include "network/nft_script.h"
#include "network/nft_sets.h"

namespace stack::network {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::string_literals;

std::vector<std::string> texts(std::string_view script) {
  std::vector<std::string> found;
  for (const NftWord& word : nft_words(script)) found.push_back(word.text);
  return found;
}

TEST(NftWords, MarksStandAloneAndEmptyLinesAreNone) {
  EXPECT_THAT(
      texts("\n\ttcp flags & (syn | rst) == syn;\n\n"),
      ElementsAre("tcp", "flags", "&", "(", "syn", "|", "rst", ")", "==", "syn", ";", "\n"));
  EXPECT_THAT(texts("ct state established,related"),
              ElementsAre("ct", "state", "established", ",", "related", "\n"));
  EXPECT_THAT(texts("\"br-a b\" . fd00::1"), ElementsAre("br-a b", ".", "fd00::1", "\n"));
}

TEST(NftWords, EachKnowsItsLine) {
  const auto words = nft_words("a\n\nb");
  EXPECT_EQ(words.front().line, 1);
  EXPECT_EQ(words.back().line, 3);
}

TEST(NftReader, TakesWhatIsThereAndNothingElse) {
  NftReader reader(nft_words("ip saddr \"ip\""));
  EXPECT_FALSE(reader.takes("ip daddr"));
  EXPECT_TRUE(reader.takes("ip saddr"));
  EXPECT_FALSE(reader.takes("ip")) << "a quoted word is a name";
  EXPECT_EQ(reader.next(), "ip");
  EXPECT_THROW(reader.next(), Error) << "a rule ends with its line";
}

TEST(NftValue, IsAsThePacketHasIt) {
  EXPECT_EQ(nft_value(NftType::ipv4_addr, "172.18.0.2", 4), "\xac\x12\0\2"s);
  EXPECT_EQ(nft_value(NftType::inet_service, "8080", 2), "\x1f\x90"s);
  EXPECT_EQ(nft_value(NftType::ifname, "lo", 16), "lo"s + std::string(14, '\0'));
  EXPECT_EQ(nft_value(NftType::ether_type, "ip6", 2), "\x86\xdd"s);
  EXPECT_EQ(nft_value(NftType::integer, "0xfe80", 2), "\xfe\x80"s);
  EXPECT_EQ(nft_value(NftType::ether_addr, "02:42:ac:12:00:02", 6), "\2\x42\xac\x12\0\2"s);
}

TEST(NftValue, RefusesWhatIsNone) {
  EXPECT_THROW(nft_value(NftType::ipv4_addr, "172.18.0", 4), Error);
  EXPECT_THROW(nft_value(NftType::inet_service, "70000", 2), Error);
  EXPECT_THROW(nft_value(NftType::ifname, "sixteen-letters!", 16), Error);
  EXPECT_THROW(nft_value(NftType::icmp_type, "nd-redirect", 1), Error);
  EXPECT_THROW(nft_value(NftType::integer, "0xfe80", 3), Error);
}

NftRule rule(const std::string& text, std::uint8_t family = NFPROTO_INET) {
  NftReader reader(nft_words(text));
  std::uint32_t next_id = 1;
  NftRule read = take_rule(reader, family, next_id);
  EXPECT_TRUE(reader.at_end());
  return read;
}

template <typename Expression>
std::vector<Expression> all(const NftRule& rule) {
  std::vector<Expression> found;
  for (const NftExpression& expression : rule.expressions)
    if (const auto* it = std::get_if<Expression>(&expression)) found.push_back(*it);
  return found;
}

/// The family is asked before an address is looked at, and once only.
TEST(NftRule, AsksForTheProtocolThatAFieldIsOf) {
  const NftRule inet = rule("ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept");
  EXPECT_THAT(all<NftLoadFamily>(inet), SizeIs(1));
  EXPECT_THAT(all<NftCompare>(inet), SizeIs(3));
  EXPECT_THAT(all<NftLoadFamily>(rule("ip saddr 10.0.0.1 accept", NFPROTO_IPV4)), SizeIs(0));
  const NftRule ports = rule("meta l4proto tcp tcp dport 80 accept");
  EXPECT_THAT(all<NftLoad>(ports), SizeIs(2)) << "it has been said";
}

/// Else an ARP packet's bytes would be read as those of an IP packet.
TEST(NftRule, OfABridgeMustSayTheProtocolItself) {
  EXPECT_THROW(rule("ip saddr 10.0.0.1 accept", NFPROTO_BRIDGE), Error);
  EXPECT_NO_THROW(rule("ether type ip ip saddr 10.0.0.1 accept", NFPROTO_BRIDGE));
  EXPECT_THROW(rule("ether type arp ip saddr 10.0.0.1 accept", NFPROTO_BRIDGE), Error);
}

TEST(NftRule, APrefixOfWholeBytesIsAShorterLoad) {
  const NftRule bytes = rule("ip daddr 169.254.0.0/16 drop");
  EXPECT_EQ(all<NftLoad>(bytes).back().field.size, 2U);
  EXPECT_EQ(all<NftCompare>(bytes).back().with, "\xa9\xfe"s);
  const NftRule bits = rule("ip6 saddr fe80::/10 drop");
  ASSERT_THAT(all<NftMask>(bits), SizeIs(1));
  EXPECT_EQ(all<NftMask>(bits)[0].mask, "\xff\xc0"s + std::string(14, '\0'));
}

TEST(NftRule, PartsOfAConcatenationFollowEachOtherInTheRegisters) {
  const auto loads = all<NftLoad>(
      rule("ether type ip iifname . ether saddr . ip saddr @senders accept", NFPROTO_BRIDGE));
  ASSERT_THAT(loads, SizeIs(4));
  EXPECT_EQ(loads[1].into, static_cast<std::uint32_t>(NFT_REG_1));
  EXPECT_EQ(loads[2].into, static_cast<std::uint32_t>(NFT_REG_2));
  EXPECT_EQ(loads[3].into, static_cast<std::uint32_t>(NFT_REG32_06)) << "behind 16 and 8 bytes";
}

TEST(NftRule, ASetBetweenBracesIsOneOfTheRule) {
  const NftRule read = rule("iifname != { \"lo\", \"uplink\" } drop");
  ASSERT_THAT(read.sets, SizeIs(1));
  EXPECT_THAT(read.sets[0].values, SizeIs(2));
  const auto lookups = all<NftLookup>(read);
  ASSERT_THAT(lookups, SizeIs(1));
  EXPECT_TRUE(lookups[0].inverted);
  EXPECT_EQ(lookups[0].id, read.sets[0].id);
}

TEST(NftRule, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"quux", "ip saddr", "ip saddr 10.0.0.1 . accept", "iifname { \"lo\" accept",
        "tcp flags & syn == syn", "ip saddr set 10.0.0.1", "jump", "comment",
        "dnat ip to tcp dport accept", "ct state weird accept",
        "ip saddr 10.0.0.1 . 10.0.0.2 accept", "ip saddr 10.0.0.0/33 accept",
        "ip saddr 10.0.0.0/ accept"})
    EXPECT_THROW(rule(text), Error) << text;
}

NftSet content(const std::string& text) {
  NftReader reader(nft_words(text + "\n}\n"));
  NftSet set;
  take_set_content(reader, set);
  return set;
}

TEST(NftSets, IntervalsAreTheirBeginningsAndWhatComesBehindThem) {
  const NftSet set = content(R"(type ipv4_addr
    flags interval
    elements = {
      10.0.1.0/24,
      10.0.0.0/24,
      255.255.255.0/24
    })");
  const auto at = [](const char* address, bool end) {
    return NftElement{nft_value(NftType::ipv4_addr, address, 4), "", end};
  };
  EXPECT_THAT(set.elements,
              ElementsAre(at("0.0.0.0", true), at("10.0.0.0", false), at("10.0.1.0", true),
                          at("10.0.1.0", false), at("10.0.2.0", true), at("255.255.255.0", false)));
}

TEST(NftSets, AnIntervalFromTheFirstAddressOnHasNothingBeforeIt) {
  const NftSet set = content("type ipv4_addr\nflags interval\nelements = { 0.0.0.0/8 }");
  ASSERT_THAT(set.elements, SizeIs(2));
  EXPECT_FALSE(set.elements[0].ends_before);
}

TEST(NftSets, PartsOfAKeyArePaddedAndAMapHasValues) {
  const NftSet map = content(
      "type ipv4_addr . inet_service : ipv4_addr . inet_service\n"
      "elements = { 192.0.2.1 . 80 : 10.0.0.2 . 8080 }");
  ASSERT_THAT(map.elements, SizeIs(1));
  EXPECT_EQ(map.elements[0].key, "\xc0\0\2\1\0\x50\0\0"s);
  EXPECT_EQ(map.elements[0].value, "\x0a\0\0\2\x1f\x90\0\0"s);
  EXPECT_EQ(map.key.size(), 8U);
  EXPECT_THROW(content("type ipv4_addr : inet_service\nelements = { 10.0.0.1 }"), Error);
}

TEST(NftNotes, ACommentEndsWithAZero) {
  EXPECT_EQ(nft_comment_note("stack:1"), "\0\x08stack:1\0"s);
}

TEST(NftScript, SaysInWhichLineItDoesNotUnderstand) {
  try {
    compile_nft("table inet good {\n\tchain c {\n\t\tip saddr 1.2.3.4 quux\n\t}\n}\n");
    FAIL() << "accepted nonsense";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 3"));
    EXPECT_THAT(error.what(), HasSubstr("quux"));
  }
}

TEST(NftScript, EndsInTheMiddleIsAnError) {
  for (const char* text :
       {"table inet x {\n", "table", "table inet x {\nset s {\ntype ifname\n",
        "table inet x {\nchain c {\ntype filter hook input priority 0\n", "delete rule ip a b",
        "delete rule ip a b handle x", "flush ruleset", "table inet x { \"", "table foo x"})
    EXPECT_THROW(compile_nft(text), Error) << text;
}

}  // namespace
}  // namespace stack::network
