// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_view.h"

#include <algorithm>
#include <array>

#include "base/display_width.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

constexpr std::size_t mark_width = 3;  // " ✔ "
constexpr std::size_t time_width = 8;  // " 1234.5s"
constexpr std::size_t least_phase = 12;
/// With more, a time at the right edge is too far from the name at the left one, and lines break
/// where a wide screen is made a little narrower.
constexpr std::size_t most_phase = 46;

std::string_view name_alone(std::string_view subject) {
  return subject.substr(subject.find(' ') + 1);  // "Container shop-db-1"
}

/// What goes where, the same for all rows so that nothing moves while they change.
struct Columns {
  std::size_t name = 0;
  std::size_t phase = 0;
  bool kinds = true;     ///< "Container shop-db-1", where there is room for it
  bool any_room = true;  ///< for more than a mark and a name
};

std::size_t widest_of(const std::vector<ProgressRow>& rows, bool kinds) {
  std::size_t width = 0;
  for (const ProgressRow& row : rows) {
    const std::string shown = printable(row.subject);
    width = std::max(width, display_width(kinds ? std::string_view(shown) : name_alone(shown)));
  }
  return width;
}

Columns columns_for(const std::vector<ProgressRow>& rows, const ScreenSize& screen) {
  constexpr std::size_t wide_phase = 32;  // "Waits for some-database-1 (healthy)"
  const auto columns = static_cast<std::size_t>(std::max(screen.columns, 1));
  const std::size_t whole = columns - 1;
  const std::size_t fixed = mark_width + time_width + 1;
  Columns result;
  result.any_room = whole > fixed + least_phase;
  if (!result.any_room) return result;
  const std::size_t room = whole - fixed;
  result.name = widest_of(rows, true);
  result.kinds = result.name + wide_phase <= room;
  if (!result.kinds) result.name = widest_of(rows, false);
  result.name = std::min(result.name, room - least_phase);
  result.phase = std::min(room - result.name, most_phase);
  return result;
}

std::string seconds_text(const std::optional<std::chrono::steady_clock::duration>& time) {
  if (!time) return "";
  return fmt::format("{:.1f}s", std::chrono::duration<double>(*time).count());
}

const char* mark(RowState state, std::size_t frame) {
  static constexpr std::array wheel{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  switch (state) {
    case RowState::working:
      return wheel[frame % wheel.size()];
    case RowState::done:
      return "✔";
    case RowState::failed:
      return "✘";
    case RowState::skipped:
      return "-";
    case RowState::waiting:
      break;
  }
  return " ";
}

Colour colour_of(RowState state) {
  switch (state) {
    case RowState::done:
      return Colour::green;
    case RowState::failed:
      return Colour::red;
    case RowState::skipped:
      return Colour::yellow;
    default:
      return Colour::none;
  }
}

ShownLine row_line(const ProgressRow& row, const Columns& columns, const ProgressLook& look) {
  const std::string subject = printable(row.subject);
  if (!columns.any_room)
    return fitting_line(fmt::format(" {} {}", mark(row.state, look.frame), name_alone(subject)),
                        look.screen);
  const std::string_view shown = columns.kinds ? std::string_view(subject) : name_alone(subject);
  const std::string name = padded_to_width(cut_front_to_width(shown, columns.name), columns.name);
  const std::string told =
      row.note.empty() ? row.phase : fmt::format("{}  {}", row.phase, row.note);
  const std::string phase =
      padded_to_width(cut_to_width(printable(told), columns.phase), columns.phase);
  const std::string time = fmt::format("{:>{}}", seconds_text(row.time), time_width);
  const auto paint = [&](const std::string& text, Colour colour) {
    return look.colour ? coloured(text, colour) : text;
  };
  const Colour colour = colour_of(row.state);
  ShownLine line;
  line.width = mark_width + columns.name + 1 + columns.phase + time_width;
  line.text = fmt::format(" {} {} {}{}", paint(mark(row.state, look.frame), colour), name,
                          paint(phase, colour), paint(time, Colour::blue));
  return line;
}

std::size_t count(const std::vector<ProgressRow>& rows, RowState state) {
  return static_cast<std::size_t>(std::ranges::count(rows, state, &ProgressRow::state));
}

/// How much somebody wants to see it: the smallest first.
int rank(RowState state) {
  switch (state) {
    case RowState::failed:
      return 0;
    case RowState::working:
      return 1;
    case RowState::skipped:
      return 2;
    case RowState::waiting:
      return 3;
    case RowState::done:
      break;
  }
  return 4;
}

struct Chosen {
  std::vector<ProgressRow> shown, left;
};

Chosen choose(const std::vector<ProgressRow>& rows, std::size_t most) {
  Chosen chosen;
  if (rows.size() <= most) return {rows, {}};
  std::vector<std::size_t> order(rows.size());
  for (std::size_t place = 0; place < order.size(); ++place) order[place] = place;
  std::ranges::stable_sort(order, {}, [&](std::size_t place) { return rank(rows[place].state); });
  std::vector<bool> is_shown(rows.size(), false);
  for (std::size_t place = 0; place < most; ++place) is_shown[order[place]] = true;
  for (std::size_t place = 0; place < rows.size(); ++place)
    (is_shown[place] ? chosen.shown : chosen.left).push_back(rows[place]);
  return chosen;
}

/// " ... 29 more: 20 done, 9 waiting"
std::string summary_of(const std::vector<ProgressRow>& left) {
  std::vector<std::string> parts;
  const auto add = [&](RowState state, const char* word) {
    if (const std::size_t number = count(left, state); number > 0)
      parts.push_back(fmt::format("{} {}", number, word));
  };
  add(RowState::failed, "failed");
  add(RowState::working, "under way");
  add(RowState::skipped, "skipped");
  add(RowState::waiting, "waiting");
  add(RowState::done, "done");
  return fmt::format(" ... {} more: {}", left.size(), join(parts, ", "));
}

}  // namespace

std::vector<ShownLine> progress_lines(const std::vector<ProgressRow>& rows,
                                      const ProgressLook& look) {
  // Below all of it stands the cursor.
  constexpr std::size_t headline = 1, summary = 1, cursor = 1, least = 4;
  const std::size_t height =
      std::max(static_cast<std::size_t>(std::max(look.screen.rows, 0)), least);
  const bool fits = rows.size() + headline + cursor <= height;
  const Chosen chosen = choose(rows, fits ? rows.size() : height - headline - summary - cursor);
  const Columns columns = columns_for(rows, look.screen);
  std::vector<ShownLine> lines;
  lines.push_back(fitting_line(
      fmt::format("[+] Running {}/{}", count(rows, RowState::done), rows.size()), look.screen));
  for (const ProgressRow& row : chosen.shown) lines.push_back(row_line(row, columns, look));
  if (!chosen.left.empty()) lines.push_back(fitting_line(summary_of(chosen.left), look.screen));
  return lines;
}

}  // namespace stack::cli
