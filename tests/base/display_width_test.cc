// SPDX-License-Identifier: Apache-2.0
#include "base/display_width.h"

#include <gtest/gtest.h>

namespace stack {
namespace {

TEST(DisplayWidth, LettersTakeOneColumnWhateverTheirBytes) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("web-1"), 5U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("…✔⠋"), 3U);
}

TEST(DisplayWidth, ChineseJapaneseKoreanAndEmojiTakeTwo) {
  EXPECT_EQ(display_width("数据库"), 6U);
  EXPECT_EQ(display_width("データ"), 6U);
  EXPECT_EQ(display_width("서버"), 4U);
  EXPECT_EQ(display_width("🐘"), 2U);
  EXPECT_EQ(display_width("ｗｅｂ"), 6U);
}

TEST(DisplayWidth, CombiningMarksTakeNone) {
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("a\u200db"), 2U);      // zero width joiner
  EXPECT_EQ(display_width("\u1100\u1161"), 2U);  // a Hangul syllable in parts
}

TEST(DisplayWidth, BytesThatAreNoTextCountOneEach) {
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
  EXPECT_EQ(display_width("\xe6\x95"), 2U);
  EXPECT_EQ(display_width("\xe6z"), 2U);
}

TEST(CutToWidth, WhatFitsStays) {
  EXPECT_EQ(cut_to_width("数据库", 6), "数据库");
  EXPECT_EQ(cut_front_to_width("数据库", 6), "数据库");
}

TEST(CutToWidth, NeverTakesMoreColumnsThanThereAre) {
  EXPECT_EQ(cut_to_width("database", 5), "data…");
  EXPECT_EQ(cut_to_width("数据库", 5), "数据…");
  EXPECT_EQ(cut_to_width("数据库", 4), "数…");
  EXPECT_EQ(cut_to_width("数据库", 1), "…");
  EXPECT_EQ(cut_to_width("数据库", 0), "");
}

TEST(CutToWidth, OfNamesTheEndIsKept) {
  EXPECT_EQ(cut_front_to_width("shop-database-1", 8), "…abase-1");
  EXPECT_EQ(cut_front_to_width("商店数据库", 6), "…据库");
  EXPECT_EQ(cut_front_to_width("ae\u0301b", 2), "…b");
  EXPECT_EQ(cut_front_to_width("数据库", 0), "");
}

TEST(PaddedToWidth, CountsColumns) {
  EXPECT_EQ(padded_to_width("数据", 6), "数据  ");
  EXPECT_EQ(padded_to_width("abc", 2), "abc");
}

}  // namespace
}  // namespace stack
