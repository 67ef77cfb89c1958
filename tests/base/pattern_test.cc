// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack {
namespace {

std::string complaint(const std::string& expression) {
  try {
    const Pattern pattern(expression);
  } catch (const Error& error) {
    return error.hint().empty() ? error.what() : error.what() + (" (" + error.hint() + ")");
  }
  return "";
}

TEST(Pattern, MatchesAnywhereInALine) {
  const Pattern pattern("ready to accept|listening on port [0-9]+$");
  EXPECT_TRUE(pattern.matches("LOG: database system is ready to accept connections"));
  EXPECT_TRUE(pattern.matches("listening on port 80"));
  EXPECT_FALSE(pattern.matches("listening on port 80 soon"));
  EXPECT_FALSE(pattern.matches(""));
}

TEST(Pattern, ALineMayHoldAnyBytesAndBeLong) {
  std::string line("\0\xff", 2);
  line.append(1 << 20, 'a').append("done");
  EXPECT_TRUE(Pattern("a*done").matches(line));
  EXPECT_FALSE(Pattern("^done").matches(line));
}

TEST(Pattern, TellsWhatIsWrongWithAnExpression) {
  EXPECT_EQ(complaint("a(b"), "\"a(b\" is no regular expression: unmatched ( or \\(");
  EXPECT_EQ(complaint("port \\d+"),
            "\"port \\\\d+\" has \\d, which extended regular expressions do not know ([0-9])");
  EXPECT_EQ(complaint("\\\\d \\. \\w"), "");
}

}  // namespace
}  // namespace stack
