// SPDX-License-Identifier: Apache-2.0
#include "base/truth.h"

#include <gtest/gtest.h>

namespace stack {
namespace {

TEST(Truth, IsSpelledAsGoDoes) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
    EXPECT_EQ(parse_truth(yes), true) << yes;
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"})
    EXPECT_EQ(parse_truth(no), false) << no;
  for (const char* neither : {"", "yes", "no", "tRUE", "2", " 1", "true "})
    EXPECT_EQ(parse_truth(neither), std::nullopt) << neither;
}

}  // namespace
}  // namespace stack
