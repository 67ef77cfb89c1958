// SPDX-License-Identifier: Apache-2.0
#include "cli/live_area.h"

#include <algorithm>
#include <utility>

#include "base/display_width.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

constexpr std::string_view clear_to_end_of_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
// A screen may have become narrower a moment ago: a line too long is cut there, and does not push
// the cursor to a row that we know nothing of.
constexpr std::string_view no_wrapping = "\x1b[?7l";
constexpr std::string_view wrapping = "\x1b[?7h";

std::string up(std::size_t lines) {
  return lines == 0 ? "" : fmt::format("\x1b[{}A", lines);
}

std::string down(std::size_t lines) {
  return lines == 0 ? "" : fmt::format("\x1b[{}B", lines);
}

/// A line that became wider than the screen goes on in the next row: most terminals break it anew
/// when they are made narrower.
std::size_t rows_of(const std::vector<ShownLine>& lines, const ScreenSize& screen) {
  const auto columns = static_cast<std::size_t>(std::max(screen.columns, 1));
  std::size_t rows = 0;
  for (const ShownLine& line : lines)
    rows += std::max<std::size_t>(1, (line.width + columns - 1) / columns);
  return rows;
}

}  // namespace

ShownLine fitting_line(std::string_view text, const ScreenSize& screen) {
  std::string cut = cut_to_width(text, static_cast<std::size_t>(std::max(screen.columns - 1, 1)));
  const std::size_t width = display_width(cut);
  return {std::move(cut), width};
}

std::vector<ShownLine> fitting_lines(std::string_view text, const ScreenSize& screen) {
  constexpr std::size_t least = 2;  // a line, and the one below that the cursor is in
  const auto rows = std::max(static_cast<std::size_t>(std::max(screen.rows, 0)), least) - 1;
  std::vector<std::string> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  const std::size_t shown = lines.size() <= rows ? lines.size() : rows - 1;
  std::vector<ShownLine> fitted;
  for (std::size_t index = 0; index < shown; ++index)
    fitted.push_back(fitting_line(lines[index], screen));
  if (shown < lines.size())
    fitted.push_back(fitting_line(fmt::format(" ... {} more", lines.size() - shown), screen));
  return fitted;
}

std::string LiveArea::redraw(const std::vector<ShownLine>& lines, const ScreenSize& screen) {
  const bool same_screen = screen == screen_;
  if (same_screen && lines == drawn_) return "";
  std::string bytes(no_wrapping);
  bytes += same_screen ? redraw_changed(lines) : redraw_all(lines, screen);
  bytes += wrapping;
  drawn_ = lines;
  screen_ = screen;
  return bytes;
}

/// Whatever a change of size has made of the lines is wiped away.
std::string LiveArea::redraw_all(const std::vector<ShownLine>& lines,
                                 const ScreenSize& screen) const {
  std::string bytes = up(rows_of(drawn_, screen));
  bytes += '\r';
  bytes += clear_below;
  for (const ShownLine& line : lines) {
    bytes += line.text;
    bytes += '\n';
  }
  return bytes;
}

std::string LiveArea::redraw_changed(const std::vector<ShownLine>& lines) const {
  std::string bytes = up(drawn_.size());
  bytes += '\r';
  std::size_t row = 0;  // that the cursor is in
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const bool there = index < drawn_.size();
    if (there && lines[index] == drawn_[index]) continue;
    bytes += down(index - row);
    bytes += lines[index].text;
    bytes += clear_to_end_of_line;
    bytes += '\n';
    row = index + 1;
  }
  bytes += down(lines.size() - row);
  // With it goes what the terminal has shown of keys: "^C".
  bytes += '\r';
  bytes += clear_below;
  return bytes;
}

}  // namespace stack::cli
