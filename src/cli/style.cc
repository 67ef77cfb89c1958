// SPDX-License-Identifier: Apache-2.0
#include "cli/style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/format.h"

namespace stack::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

bool is_dumb_terminal() {
  const char* const terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

bool shows_colour(int fd, const Options& options) {
  if (options.ansi == "always") return true;
  if (options.ansi == "never" || is_set("NO_COLOR")) return false;
  if (is_set("CLICOLOR_FORCE")) return true;
  return is_terminal(fd) && !is_dumb_terminal();
}

bool shows_live_progress(int fd, const Options& options) {
  if (options.progress == "tty") return true;
  if (options.progress == "plain" || options.progress == "json" || options.progress == "quiet")
    return false;
  return is_terminal(fd) && !is_dumb_terminal() && !is_set("CI") && options.ansi != "never";
}

std::string coloured(std::string_view text, Colour colour) {
  static constexpr std::array codes{"0", "32",   "31",   "33",   "34",   "36",  "35",
                                    "1", "36;1", "33;1", "32;1", "35;1", "34;1"};
  if (colour == Colour::none) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(colour)], text);
}

Colour prefix_colour(std::size_t n) {
  static constexpr std::array order{Colour::cyan,        Colour::yellow,     Colour::green,
                                    Colour::magenta,     Colour::blue,       Colour::bold_cyan,
                                    Colour::bold_yellow, Colour::bold_green, Colour::bold_magenta,
                                    Colour::bold_blue};
  return order[n % order.size()];
}

ScreenSize screen_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace stack::cli
