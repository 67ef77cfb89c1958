// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>

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

TEST(Number, IsWrittenAsShortAsItCanBeReadBack) {
  const auto both = [](double value) {
    return shortest_text(value, Notation::fixed) + " " + shortest_text(value, Notation::scientific);
  };
  EXPECT_EQ(both(0), "0 0e+00");
  EXPECT_EQ(both(-0.0), "-0 -0e+00");
  EXPECT_EQ(both(1.5), "1.5 1.5e+00");
  EXPECT_EQ(both(-1234567.5), "-1234567.5 -1.2345675e+06");
  EXPECT_EQ(both(0.001), "0.001 1e-03");
  EXPECT_EQ(both(100), "100 1e+02");
  EXPECT_EQ(both(1.25e-7), "0.000000125 1.25e-07");
  EXPECT_EQ(both(1e15), "1000000000000000 1e+15");
  EXPECT_EQ(both(1.5e20), "150000000000000000000 1.5e+20");
  EXPECT_EQ(shortest_text(1e100, Notation::scientific), "1e+100");
  // Beside the standard library, which loads libm for it.
  for (const double value :
       {0.1, 2.0 / 3, 9007199254740993.0, 5e-324, 1.7976931348623157e308, 43.0}) {
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.begin(), text.end(), value, std::chars_format::scientific).ptr;
    EXPECT_EQ(shortest_text(value, Notation::scientific), std::string(text.begin(), end));
  }
}

TEST(Number, RoundsToTheNearest) {
  EXPECT_EQ(rounded(0), 0);
  EXPECT_EQ(rounded(2.49), 2);
  EXPECT_EQ(rounded(2.5), 3);
  EXPECT_EQ(rounded(4503599627370495.0), 4503599627370495);
}

}  // namespace
}  // namespace stack
