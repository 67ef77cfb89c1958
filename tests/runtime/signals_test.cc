// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

namespace stack::runtime {
namespace {

TEST(Signals, AreKnownByNameAndNumber) {
  EXPECT_EQ(signal_number("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_number("term"), SIGTERM);
  EXPECT_EQ(signal_number("15"), 15);
  EXPECT_EQ(signal_number("SIGRTMIN+3"), 37);
  EXPECT_EQ(signal_number("rtmax-1"), 63);
}

TEST(Signals, NonsenseIsNone) {
  for (const char* text : {"", "SIG", "0", "65", "-1", "SIGTERMINATE", "SIGRTMIN+31", "RTMIN-1"})
    EXPECT_EQ(signal_number(text), std::nullopt) << text;
}

TEST(Signals, EveryNumberHasANameThatLeadsBack) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(37), "SIGRTMIN+3");
  for (int number = 1; number <= 64; ++number) {
    if (number != 32 && number != 33) {
      EXPECT_EQ(signal_number(signal_name(number)), number) << signal_name(number);
    }
  }
}

}  // namespace
}  // namespace stack::runtime
