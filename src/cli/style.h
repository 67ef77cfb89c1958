// SPDX-License-Identifier: Apache-2.0
// Colour, where the screen takes it.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace stack::cli {

enum class Colour {
  none,
  green,
  red,
  yellow,
  blue,
  cyan,
  magenta,
  bold,
  bold_cyan,
  bold_yellow,
  bold_green,
  bold_magenta,
  bold_blue,
};

/// Whether a stream (1 or 2) shows colours: --ansi, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, and
/// whether it is a terminal.
bool shows_colour(int fd, const Options& options);
/// Whether progress is redrawn in place: --progress, and else on a terminal that is nobody's CI and
/// can do it.
bool shows_live_progress(int fd, const Options& options);
std::string coloured(std::string_view text, Colour colour);
/// Colour of the n-th log prefix, as docker compose's: cyan, yellow, green, magenta, blue, then the
/// same in bold, and so on.
Colour prefix_colour(std::size_t n);

struct ScreenSize {
  int rows = 24;
  int columns = 80;
  bool operator==(const ScreenSize&) const = default;
};
ScreenSize screen_size(int fd);
bool is_terminal(int fd);
/// TERM=dumb: one that can do nothing but print.
bool is_dumb_terminal();

}  // namespace stack::cli
