// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(table({"NAME", "STATUS"}, {{"shop-db-1", "Up"}, {"x", "Exited (0)"}}),
            "NAME        STATUS\n"
            "shop-db-1   Up\n"
            "x           Exited (0)\n");
}

TEST(Table, AHostileNameCannotDriveTheTerminal) {
  EXPECT_EQ(table({"NAME"}, {{"a\x1b[2Jb"}}), "NAME\na\\x1b[2Jb\n");
}

TEST(Table, WideCharactersCountOnce) {
  EXPECT_EQ(table({"A", "B"}, {{"…", "x"}, {"ab", "y"}}), "A    B\n…    x\nab   y\n");
}

TEST(Table, ColumnsAreThoseOfTheScreen) {
  EXPECT_EQ(table({"A", "B"}, {{"数据库", "x"}, {"ab", "y"}}),
            "A        B\n数据库   x\nab       y\n");
}

TEST(Wrapped, LinesKeepToTheirColumn) {
  EXPECT_EQ(wrapped("one two three four", 14, 4, 4), "one two\n    three four");
  EXPECT_EQ(wrapped("one incomprehensibilities two", 12, 4, 6),
            "one\n      incomprehensibilities\n      two");
  EXPECT_EQ(wrapped("one two", std::string::npos, 50, 4), "one two");
}

}  // namespace
}  // namespace stack::cli
