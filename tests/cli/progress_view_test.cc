// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_view.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/display_width.h"
#include "base/format.h"

namespace stack::cli {
namespace {

using namespace std::chrono_literals;

ProgressRow row(const std::string& subject, RowState state, const std::string& phase,
                std::optional<std::chrono::steady_clock::duration> time = 1500ms) {
  return {subject, state, phase, "", time};
}

const std::vector<ProgressRow>& shop_rows() {
  static const std::vector<ProgressRow> rows{
      row("Network shop_default", RowState::done, "Created", 20ms),
      row("Container shop-db-1", RowState::working, "Started, not healthy yet"),
      row("Container shop-web-1", RowState::waiting, "Waits for shop-db-1 (healthy)"),
  };
  return rows;
}

std::string text(const std::vector<ProgressRow>& rows, int screen_rows, int columns) {
  std::string all = "\n";
  for (const ShownLine& line : progress_lines(rows, {{screen_rows, columns}})) {
    EXPECT_LT(line.width, static_cast<std::size_t>(columns));
    EXPECT_EQ(line.width, display_width(line.text));
    all += line.text.substr(0, line.text.find_last_not_of(' ') + 1);
    all += '\n';
  }
  return all;
}

TEST(ProgressLines, OnAnOrdinaryScreen) {
  EXPECT_EQ(text(shop_rows(), 24, 80), R"(
[+] Running 1/3
 ✔ Network shop_default Created                                           0.0s
 ⠋ Container shop-db-1  Started, not healthy yet                          1.5s
   Container shop-web-1 Waits for shop-db-1 (healthy)                     1.5s
)");
}

TEST(ProgressLines, OnANarrowOneNamesComeFirst) {
  EXPECT_EQ(text(shop_rows(), 24, 40), R"(
[+] Running 1/3
 ✔ shop_default Created            0.0s
 ⠋ shop-db-1    Started, not h…    1.5s
   shop-web-1   Waits for shop…    1.5s
)");
}

TEST(ProgressLines, OnAWideOneTimesStayNearTheNames) {
  EXPECT_EQ(progress_lines(shop_rows(), {{24, 200}}).at(1).width, 78U);
}

TEST(ProgressLines, OnATinyOneThereIsStillSomething) {
  EXPECT_EQ(text(shop_rows(), 2, 12), R"(
[+] Runnin…
 ⠋ shop-db…
 ... 2 mor…
)");
  EXPECT_EQ(progress_lines(shop_rows(), {{0, 0}}).size(), 3U);
}

TEST(ProgressLines, WideNamesAreCutByTheirColumns) {
  EXPECT_EQ(text({row("Container 商店数据库服务器一号机", RowState::done, "Started"),
                  row("Container 🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘-1", RowState::done, "Started")},
                 24, 40),
            R"(
[+] Running 2/2
 ✔ …库服务器一号机 Started         1.5s
 ✔ …🐘🐘🐘🐘🐘🐘-1 Started         1.5s
)");
}

TEST(ProgressLines, AHostileNameCannotDriveTheTerminal) {
  EXPECT_EQ(text({row("Volume a\x1b[2Jb", RowState::done, "Created")}, 24, 60), R"(
[+] Running 1/1
 ✔ a\x1b[2Jb Created                                   1.5s
)");
}

TEST(ProgressLines, WhatDoesNotFitIsSummarised) {
  std::vector<ProgressRow> rows;
  for (int number = 1; number <= 50; ++number)
    rows.push_back(row(fmt::format("Container s{}", number),
                       number <= 30   ? RowState::done
                       : number <= 40 ? RowState::working
                                      : RowState::waiting,
                       "x"));
  rows[48].state = RowState::failed;
  const std::string all = text(rows, 24, 80);
  EXPECT_EQ(std::ranges::count(all, '\n'), 24);  // the first and 23: a line is left for the cursor
  EXPECT_EQ(all.substr(0, all.find("   Container s41")), R"(
[+] Running 30/50
 ✔ Container s1  x                                                 1.5s
 ⠋ Container s31 x                                                 1.5s
 ⠋ Container s32 x                                                 1.5s
 ⠋ Container s33 x                                                 1.5s
 ⠋ Container s34 x                                                 1.5s
 ⠋ Container s35 x                                                 1.5s
 ⠋ Container s36 x                                                 1.5s
 ⠋ Container s37 x                                                 1.5s
 ⠋ Container s38 x                                                 1.5s
 ⠋ Container s39 x                                                 1.5s
 ⠋ Container s40 x                                                 1.5s
)");
  EXPECT_NE(all.find(" ✘ Container s49"), std::string::npos);
  EXPECT_TRUE(all.ends_with(" ... 29 more: 29 done\n")) << all;
}

TEST(ProgressLines, ColoursDoNotCountAsColumns) {
  const auto lines = progress_lines(shop_rows(), {{24, 80}, true, 1});
  EXPECT_EQ(lines.at(1).width, 78U);
  EXPECT_TRUE(
      lines.at(1).text.starts_with(" \x1b[32m✔\x1b[0m Network shop_default \x1b[32mCreated"))
      << lines.at(1).text;
  EXPECT_TRUE(lines.at(2).text.starts_with(" ⠙ Container shop-db-1 ")) << lines.at(2).text;
}

}  // namespace
}  // namespace stack::cli
