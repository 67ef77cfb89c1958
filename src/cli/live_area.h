// SPDX-License-Identifier: Apache-2.0
// Lines at the bottom of a terminal that are written over in place. Pure: bytes for the terminal
// come out. Only what differs is written, so that nothing flickers; after each piece the cursor
// stands at the beginning of the line below, as if the lines had just been printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/style.h"

namespace stack::cli {

struct ShownLine {
  std::string text = {};  ///< with its colours, without a newline
  std::size_t width = 0;  ///< columns
  bool operator==(const ShownLine&) const = default;
};

/// A text without colours, cut to what a line of the screen has room for.
ShownLine fitting_line(std::string_view text, const ScreenSize& screen);
/// The lines of a text, cut to what the screen has room for, with one about those that are left
/// out.
std::vector<ShownLine> fitting_lines(std::string_view text, const ScreenSize& screen);

class LiveArea {
 public:
  /// What makes `lines` of what is there. They are narrower than the screen, and one fewer than it
  /// has rows at most. Empty when nothing differs.
  std::string redraw(const std::vector<ShownLine>& lines, const ScreenSize& screen);

 private:
  std::string redraw_all(const std::vector<ShownLine>& lines, const ScreenSize& screen) const;
  std::string redraw_changed(const std::vector<ShownLine>& lines) const;

  std::vector<ShownLine> drawn_;
  ScreenSize screen_;
};

}  // namespace stack::cli
