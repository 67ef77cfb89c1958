// SPDX-License-Identifier: Apache-2.0
#include "cli/detach_keys.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::cli {
namespace {

TEST(DetachKeys, AreReadAsDockerWritesThem) {
  EXPECT_EQ(parse_detach_keys(default_detach_keys), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("ctrl-a,a"),
            "\x01"
            "a");
  EXPECT_EQ(parse_detach_keys("x"), "x");
  EXPECT_EQ(parse_detach_keys("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_"),
            std::string("\0\x1b\x1c\x1d\x1e\x1f", 6));
  EXPECT_EQ(parse_detach_keys(""), "");
}

TEST(DetachKeys, AnythingElseIsRefused) {
  for (const char* text : {"ctrl-", "ctrl-A", "ctrl-1", "ctrl-aa", "Ctrl-a", "ab", ",", "a,",
                           "a,,b", " ", "\x01", "ctrl-p ctrl-q", "ä"}) {
    EXPECT_THROW(parse_detach_keys(text), Error) << text;
  }
}

TEST(DetachKeys, AreFoundWhereverTheirBytesAreCut) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.take("abc").bytes, "abc");
  EXPECT_EQ(keys.take("d\x10").bytes, "d") << "may be the beginning";
  const auto typed = keys.take("\x11never seen");
  EXPECT_TRUE(typed.detached);
  EXPECT_EQ(typed.bytes, "");
}

TEST(DetachKeys, ABeginningThatLeadsNowhereIsPassedOn) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.take("\x10").bytes, "");
  EXPECT_EQ(keys.take("x").bytes, "\x10x");
  EXPECT_EQ(keys.take("\x10\x10").bytes, "\x10");
  EXPECT_TRUE(keys.take("\x11").detached);
}

TEST(DetachKeys, ASequenceMayBeginInItsOwnMiddle) {
  DetachKeys keys("aab");
  const auto typed = keys.take("aaab");
  EXPECT_TRUE(typed.detached);
  EXPECT_EQ(typed.bytes, "a");
}

TEST(DetachKeys, AnEmptySequenceHoldsNothingBack) {
  DetachKeys keys("");
  EXPECT_EQ(keys.take("\x10\x11").bytes, "\x10\x11");
}

}  // namespace
}  // namespace stack::cli
