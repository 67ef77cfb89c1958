// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace stack {
namespace {

using std::chrono::seconds;
using Strings = std::vector<std::string>;

const Strings keys = {"ports", "image", "environment", "depends_on", "db"};

TEST(Nearest, FindsTheKeyThatWasMeant) {
  EXPECT_EQ(nearest("port", keys), "ports");
  EXPECT_EQ(nearest("enviroment", keys), "environment");
  EXPECT_EQ(nearest("dependson", keys), "depends_on");
}

TEST(Nearest, CountsASwapOfNeighboursAsOneSlip) {
  EXPECT_EQ(edit_distance("iamge", "image"), 1U);
  EXPECT_EQ(nearest("iamge", keys), "image");
}

TEST(Nearest, AllowsAShortWordOneSlip) {
  EXPECT_EQ(nearest("dbb", keys), "db");
  EXPECT_EQ(nearest("d", keys), "db");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("volumes", keys), std::nullopt);
  EXPECT_EQ(nearest("port", {}), std::nullopt);
}

TEST(EditDistance, IsThatOfTextbooks) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, IsTheSameBothWaysAndNoMoreThanTheLongerWord) {
  EXPECT_TRUE(rc::check([](const std::string& a, const std::string& b) {
    RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
    RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
    RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
  }));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a::b:", ':'), (Strings{"a", "", "b", ""}));
  EXPECT_EQ(split("", ':'), (Strings{""}));
}

TEST(Split, IsUndoneByJoin) {
  EXPECT_TRUE(
      rc::check([](const std::string& text) { RC_ASSERT(join(split(text, ','), ",") == text); }));
}

TEST(Trim, TakesWhiteSpaceFromBothEndsOnly) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(ToLower, LeavesOtherBytesAlone) {
  EXPECT_EQ(to_lower("Shop-DB_1 \xc3\x84"), "shop-db_1 \xc3\x84");
}

TEST(StartsWithAny, LooksAtEveryPrefix) {
  const std::vector<std::string_view> prefixes = {"./", "../", "/"};
  EXPECT_TRUE(starts_with_any("../data", prefixes));
  EXPECT_FALSE(starts_with_any("data", prefixes));
}

TEST(Quoted, IsAJsonLiteral) {
  EXPECT_EQ(quoted("say \"hi\"\\\n\t\r\x01"), R"("say \"hi\"\\\n\t\r\u0001")");
}

TEST(Printable, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(printable("\x1b[2Jname\n\x7f"), "\\x1b[2Jname\\x0a\\x7f");
}

TEST(Printable, ShowsTheEightBitControlsOfUtf8Too) {
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");
}

TEST(Printable, LeavesOtherUtf8Alone) {
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f \xc2\xa9"), "gr\xc3\xbc\xc3\x9f \xc2\xa9");
}

TEST(HumanSize, CountsInThousandsAsDockerDoes) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(999), "999B");
  EXPECT_EQ(human_size(1500), "1.5kB");
  EXPECT_EQ(human_size(20'000'000), "20MB");
  EXPECT_EQ(human_size(481'234'567), "481MB");
}

TEST(HumanSize, RoundsUpIntoTheNextUnit) {
  EXPECT_EQ(human_size(999'400), "999kB");
  EXPECT_EQ(human_size(999'999), "1MB");
  EXPECT_EQ(human_size(UINT64_MAX), "18.4EB");
}

TEST(HumanDuration, SpeaksAsDockerDoes) {
  EXPECT_EQ(human_duration(seconds(0)), "Less than a second");
  EXPECT_EQ(human_duration(seconds(1)), "1 second");
  EXPECT_EQ(human_duration(seconds(59)), "59 seconds");
  EXPECT_EQ(human_duration(seconds(60)), "About a minute");
  EXPECT_EQ(human_duration(seconds(119)), "About a minute");
  EXPECT_EQ(human_duration(seconds(120)), "2 minutes");
  EXPECT_EQ(human_duration(std::chrono::minutes(60)), "About an hour");
  EXPECT_EQ(human_duration(std::chrono::hours(3)), "3 hours");
  EXPECT_EQ(human_duration(std::chrono::hours(47)), "47 hours");
  EXPECT_EQ(human_duration(std::chrono::hours(48)), "2 days");
  EXPECT_EQ(human_duration(std::chrono::hours(24 * 14)), "2 weeks");
  EXPECT_EQ(human_duration(std::chrono::hours(24 * 60)), "2 months");
  EXPECT_EQ(human_duration(std::chrono::hours(24 * 365 * 3)), "3 years");
}

TEST(ParseInteger, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_integer<int>("-42"), -42);
  EXPECT_EQ(parse_integer<int>("755", 8), 0755);
  EXPECT_EQ(parse_integer<int>("42 "), std::nullopt);
  EXPECT_EQ(parse_integer<int>(""), std::nullopt);
  EXPECT_EQ(parse_integer<int>("0x10"), std::nullopt);
}

TEST(ParseInteger, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parse_integer<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_integer<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(parse_integer<std::uint16_t>("-1"), std::nullopt);
}

TEST(ParseRanges, ReadsTheKernelsLists) {
  using Ranges = std::vector<NumberRange>;
  EXPECT_EQ(parse_ranges("0-3,7"), (Ranges{{0, 3}, {7, 7}}));
  EXPECT_EQ(parse_ranges("5"), (Ranges{{5, 5}}));
}

TEST(ParseRanges, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "3-1", "1-", "-1", "1,,2", "0-3-5", "4294967296", " 1"}) {
    EXPECT_EQ(parse_ranges(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace stack
