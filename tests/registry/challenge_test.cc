// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.h"

#include <gtest/gtest.h>

namespace stack::registry {
namespace {

TEST(Challenge, OfATokenServerNamesRealmServiceAndScope) {
  const auto list = parse_challenges(
      R"(Bearer realm="https://auth.example/token",service="r", scope="repository:a/b:pull,push")");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].scheme, "bearer");
  EXPECT_EQ(list[0].parameters.at("realm"), "https://auth.example/token");
  EXPECT_EQ(list[0].parameters.at("scope"), "repository:a/b:pull,push");
}

TEST(Challenge, MayBeOneOfSeveral) {
  const auto list = parse_challenges(R"(Negotiate, Basic realm="a \"b\"", Bearer realm=x)");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].scheme, "negotiate");
  EXPECT_EQ(list[1].parameters.at("realm"), "a \"b\"");
  EXPECT_EQ(list[2].parameters.at("realm"), "x");
}

TEST(Challenge, ThatIsMalformedEndsTheList) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=x").empty());
  EXPECT_TRUE(parse_challenges("realm=x").empty());
  EXPECT_EQ(parse_challenges("Basic realm=\"unfinished").at(0).parameters.at("realm"),
            "unfinished");
  EXPECT_EQ(parse_challenges("Basic \x01\x02").size(), 1U);
}

}  // namespace
}  // namespace stack::registry
