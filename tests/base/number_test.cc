// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <gtest/gtest.h>

namespace stack {
namespace {

TEST(Number, DecimalsAreTaken) {
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number("+2"), 2.0);
  EXPECT_EQ(parse_number("-.5"), -0.5);
  EXPECT_EQ(parse_number("7."), 7.0);
  EXPECT_EQ(parse_number("1e-3"), 0.001);
}

TEST(Number, WhatElseTheCLibraryTakesIsNoDecimal) {
  for (const char* text :
       {"", "+", ".", " 1", "1 ", "0x10", "inf", "nan", "1e", "1e+", "1,5", "--1"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Number, WhatADoubleCannotHoldIsNone) {
  EXPECT_EQ(parse_number("1e999"), std::nullopt);
  EXPECT_EQ(parse_number("1e-999"), std::nullopt);
}

TEST(Number, RoundsToTheNearest) {
  EXPECT_EQ(rounded(0), 0);
  EXPECT_EQ(rounded(2.49), 2);
  EXPECT_EQ(rounded(2.5), 3);
  EXPECT_EQ(rounded(4503599627370495.0), 4503599627370495);
}

}  // namespace
}  // namespace stack
