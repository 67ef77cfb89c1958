// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_text.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

TEST(TerminalText, IsWhatItWasWhenItIsPlain) {
  EXPECT_EQ(tamed(""), "");
  EXPECT_EQ(tamed("one\ttwo, \xc3\xa9\r"), "one\ttwo, \xc3\xa9\r");
}

TEST(TerminalText, KeepsColoursToTheEndOfTheLine) {
  EXPECT_EQ(tamed("\x1b[1;31mred\x1b[0m and \x1b[38:5:9mso on"),
            "\x1b[1;31mred\x1b[0m and \x1b[38:5:9mso on\x1b[0m");
}

TEST(TerminalText, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(tamed("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  EXPECT_EQ(tamed("\x1b[2J\x1b[6n"), "\\x1b[2J\\x1b[6n");
  EXPECT_EQ(tamed("up\rover"), "up\\x0dover");
  EXPECT_EQ(tamed("\x1b"), "\\x1b");
  EXPECT_EQ(tamed("\x1b[31"), "\\x1b[31");
  EXPECT_EQ(tamed("\xc2\x9b"
                  "2J"),
            "\\xc2\\x9b2J");
}

}  // namespace
}  // namespace stack::cli
