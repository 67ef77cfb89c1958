// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_text.h"

#include "base/text.h"

namespace stack::cli {
namespace {

/// Length of the colour sequence that `text` begins with (SGR, ECMA-48 8.3.117); 0: none.
std::size_t colour_size(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;:", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

/// Length of what is passed on as it stands at the beginning of `text`.
std::size_t passed_on(std::string_view text) {
  if (text.front() == '\t' || text == "\r") return 1;
  return colour_size(text);
}

}  // namespace

std::string tamed(std::string_view line) {
  std::string shown;
  bool coloured = false;
  while (!line.empty()) {
    const std::size_t plain = std::min(line.find_first_of("\t\r\x1b"), line.size());
    shown += printable(line.substr(0, plain));
    line.remove_prefix(plain);
    if (line.empty()) break;
    const std::size_t size = passed_on(line);
    coloured |= size > 1;
    shown += size > 0 ? std::string(line.substr(0, size)) : printable(line.substr(0, 1));
    line.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return coloured ? shown + "\x1b[0m" : shown;
}

}  // namespace stack::cli
