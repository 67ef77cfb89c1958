// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include <gtest/gtest.h>

namespace stack {
namespace {

TEST(RandomHex, HasTheLengthAskedForAndOnlyHexDigits) {
  for (const std::size_t digits : {0U, 1U, 7U, 64U}) {
    const std::string text = random_hex(digits);
    EXPECT_EQ(text.size(), digits);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
  }
}

TEST(RandomHex, DiffersEachTime) {
  EXPECT_NE(new_container_id(), new_container_id());
}

TEST(ContainerId, DoesNotBeginLikeANumber) {
  // glibc finds no host whose name is 970172965327: one of 280 ids would begin so.
  for (int i = 0; i < 2000; ++i) {
    const std::string id = new_container_id();
    EXPECT_NE(id.substr(0, 12).find_first_not_of("0123456789"), std::string::npos) << id;
  }
}

TEST(StableHash, IsTheOneOfTheFnvReference) {
  // Names on disk and of interfaces depend on these values: they may never change.
  EXPECT_EQ(stable_hash(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(stable_hash("foobar"), 0x85944171f73967e8ULL);
}

TEST(ShortId, IsTheFirstTwelveDigitsWithoutTheAlgorithm) {
  const std::string digits = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(short_id(digits), "0123456789ab");
  EXPECT_EQ(short_id("sha256:" + digits), "0123456789ab");
  EXPECT_EQ(short_id("0123"), "0123");
}

TEST(StableHex, DependsOnTheTextOnly) {
  EXPECT_EQ(stable_hex("shop_default", 8), stable_hex("shop_default", 8));
  EXPECT_NE(stable_hex("shop_default", 8), stable_hex("shop_backend", 8));
}

TEST(StableHex, LongerOnesBeginWithTheShorter) {
  const std::string whole = stable_hex("shop", 64);
  EXPECT_EQ(whole.size(), 64U);
  EXPECT_EQ(whole.substr(0, 20), stable_hex("shop", 20));
  EXPECT_NE(whole.substr(0, 16), whole.substr(16, 16));
}

}  // namespace
}  // namespace stack
