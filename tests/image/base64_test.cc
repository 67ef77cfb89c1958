// SPDX-License-Identifier: Apache-2.0
#include "image/base64.h"

#include <gtest/gtest.h>

namespace stack::image {
namespace {

TEST(Base64, GoesBothWays) {
  for (const std::string text : {"", "a", "ab", "abc", "user:pass"})
    EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_FALSE(from_base64("a"));
  EXPECT_FALSE(from_base64("a?b="));
}

}  // namespace
}  // namespace stack::image
