// SPDX-License-Identifier: Apache-2.0
#include "cli/live_area.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

/// As much of a terminal as a LiveArea asks of one, for ASCII. What leaves at the top is kept.
class Terminal {
 public:
  explicit Terminal(std::size_t rows) : rows_(rows) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take(bytes));
  }
  /// From the first line on, what has scrolled away too.
  std::string text() const {
    std::string all;
    for (const std::string& line : lines_) {
      all += line.substr(0, line.find_last_not_of(' ') + 1);
      all += '\n';
    }
    return all.substr(0, all.find_last_not_of('\n') + 1);
  }
  bool is_at_beginning_of_line_below() const {
    return column_ == 0 && lines_[row_].find_first_not_of(' ') == std::string::npos;
  }

 private:
  std::size_t top() const { return lines_.size() > rows_ ? lines_.size() - rows_ : 0; }

  std::size_t take(std::string_view bytes) {
    if (bytes[0] == '\x1b') return obey(bytes);
    if (bytes[0] == '\r') {
      column_ = 0;
    } else if (bytes[0] == '\n') {  // with the carriage return that the line discipline adds
      column_ = 0;
      if (++row_ == lines_.size()) lines_.emplace_back();
    } else {
      std::string& line = lines_[row_];
      line.resize(std::max(line.size(), column_ + 1), ' ');
      line[column_++] = bytes[0];
    }
    return 1;
  }

  std::size_t obey(std::string_view bytes) {
    const std::size_t end = bytes.find_first_not_of("?0123456789", 2);
    const std::size_t number = parse_integer<std::size_t>(bytes.substr(2, end - 2)).value_or(1);
    switch (bytes[end]) {
      case 'A':
        row_ -= std::min(number, row_ - top());
        break;
      case 'B':
        row_ = std::min(row_ + number, lines_.size() - 1);
        break;
      case 'K':
        lines_[row_].resize(std::min(lines_[row_].size(), column_));
        break;
      case 'J':
        lines_[row_].resize(std::min(lines_[row_].size(), column_));
        for (std::size_t row = row_ + 1; row < lines_.size(); ++row) lines_[row].clear();
        break;
      case 'h':
      case 'l':
        break;  // wrapping
      default:
        ADD_FAILURE() << "an unknown sequence";
    }
    return end + 1;
  }

  std::size_t rows_;
  std::vector<std::string> lines_{1};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

std::vector<ShownLine> lines(const std::vector<std::string>& texts) {
  std::vector<ShownLine> result;
  for (const std::string& text : texts) result.push_back({text, text.size()});
  return result;
}

/// What is written while lines are cut at the edge of the screen.
std::string unwrapped(const std::string& bytes) {
  return fmt::format("\x1b[?7l{}\x1b[?7h", bytes);
}

TEST(LiveArea, WhatIsTheSameIsNotWrittenAgain) {
  LiveArea area;
  EXPECT_EQ(area.redraw(lines({"one", "two"}), {24, 80}),
            unwrapped("\rone\x1b[K\ntwo\x1b[K\n\r\x1b[J"));
  EXPECT_EQ(area.redraw(lines({"one", "two"}), {24, 80}), "");
  EXPECT_EQ(area.redraw(lines({"one", "2"}), {24, 80}),
            unwrapped("\x1b[2A\r\x1b[1B2\x1b[K\n\r\x1b[J"));
}

TEST(LiveArea, KeysThatTheTerminalShowedAreWipedAway) {
  Terminal terminal(24);
  LiveArea area;
  terminal.write(area.redraw(lines({"one"}), {24, 80}));
  terminal.write("^C");
  terminal.write(area.redraw(lines({"two"}), {24, 80}));
  EXPECT_EQ(terminal.text(), "two");
}

TEST(LiveArea, ANarrowerScreenHasBrokenTheLines) {
  LiveArea area;
  area.redraw(lines({std::string(70, 'x'), "short"}), {24, 80});
  // 70 columns are two rows of 40.
  EXPECT_EQ(area.redraw(lines({"x", "short"}), {24, 40}), unwrapped("\x1b[3A\r\x1b[Jx\nshort\n"));
}

TEST(LiveArea, AfterAnyChangesTheScreenShowsTheLastLinesAndWhatStoodAbove) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int rows = 3 + static_cast<int>(random() % 10);
    Terminal terminal(static_cast<std::size_t>(rows));
    std::string expected;
    for (auto line = random() % 20; line > 0; --line) expected += "before\n";
    terminal.write(expected);
    LiveArea area;
    std::vector<std::string> last;
    for (int change = 0; change < 20; ++change) {
      const std::size_t most = static_cast<std::size_t>(rows) - 1;
      last.resize(1 + random() % most, "new");
      for (std::string& line : last)
        if (random() % 3 == 0)
          line = std::string(1 + random() % 9, static_cast<char>('a' + random() % 26));
      terminal.write(area.redraw(lines(last), {rows, 80}));
      ASSERT_TRUE(terminal.is_at_beginning_of_line_below());
      ASSERT_EQ(terminal.text(), expected + join(last, "\n")) << "round " << round;
    }
  }
}

TEST(FittingLines, WhatHasNoRoomIsCounted) {
  EXPECT_EQ(fitting_lines("1\n2\n3\n", {4, 80}), lines({"1", "2", "3"}));
  EXPECT_EQ(fitting_lines("1\n2\n3\n", {3, 80}), lines({"1", " ... 2 more"}));
  EXPECT_EQ(fitting_lines("", {3, 80}), lines({}));
  EXPECT_EQ(fitting_lines("数据库\n", {24, 6}), (std::vector<ShownLine>{{"数据…", 5}}));
}

}  // namespace
}  // namespace stack::cli
