// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_text.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

std::string shown(std::string_view line) {
  std::string text = "> ";
  append_for_terminal(text, line);
  return text;
}

TEST(TerminalText, WordsOfAllLanguagesTabsAndColoursStay) {
  EXPECT_EQ(shown("plain\tgrün 漢字 🙂"), "> plain\tgrün 漢字 🙂");
  EXPECT_EQ(shown("\x1b[1;31mred\x1b[0m \x1b[m \x1b[38:5:9mx"),
            "> \x1b[1;31mred\x1b[0m \x1b[m \x1b[38:5:9mx");
}

TEST(TerminalText, WhatDrivesTheTerminalIsMadeVisible) {
  EXPECT_EQ(shown("\x1b]0;title\x07"), "> \\x1b]0;title\\x07");
  EXPECT_EQ(shown("\x1b[2J"), "> \\x1b[2J");
  EXPECT_EQ(shown("\x1b[31"), "> \\x1b[31");
  EXPECT_EQ(shown("\x1b"), "> \\x1b");
  EXPECT_EQ(shown("a\bb\x7f"), "> a\\x08b\\x7f");
}

TEST(TerminalText, C1IsControlAsAByteAndAsACharacter) {
  EXPECT_EQ(shown("\x9b"
                  "2J"),
            "> \\x9b2J");
  EXPECT_EQ(shown("\xc2\x9b"
                  "2J"),
            "> \\xc2\\x9b2J");
  EXPECT_EQ(shown("\xc2\xa9"), "> \xc2\xa9") << "U+00A9 is none";
}

TEST(TerminalText, BrokenCharactersAreShownByteByByte) {
  EXPECT_EQ(shown("\xe6\xbc"), "> \\xe6\\xbc");
  EXPECT_EQ(shown("\xe6"
                  "ab"),
            "> \\xe6ab");
  EXPECT_EQ(shown("\xff"), "> \\xff");
}

TEST(TerminalText, ACarriageReturnMayOnlyEndALine) {
  EXPECT_EQ(shown("from a terminal\r"), "> from a terminal\r");
  EXPECT_EQ(shown("real\rfake"), "> real\\x0dfake");
}

}  // namespace
}  // namespace stack::cli
