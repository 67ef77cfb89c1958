// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_text.h"

#include <algorithm>

#include "base/format.h"

namespace stack::cli {
namespace {

bool is_plain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
}

/// Bytes of the colour sequence that `text` begins with; 0 without one.
std::size_t colour_at(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;:", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

/// Bytes of the UTF-8 character that `text` begins with, when it is none that terminals obey
/// (U+0080 to U+009F); 0 when it is not one. Longest and shortest forms are the terminal's
/// business: none of them contains a control byte that is not a continuation.
std::size_t character_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; };
  if (!std::ranges::all_of(text.substr(1, size - 1), continues)) return 0;
  if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 0;
  return size;
}

std::size_t kept_at(std::string_view text) {
  if (is_plain(text[0]) || text == "\r") return 1;
  return text[0] == '\x1b' ? colour_at(text) : character_at(text);
}

}  // namespace

void append_for_terminal(std::string& to, std::string_view line) {
  while (!line.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(line, is_plain) - line.begin());
    to += line.substr(0, plain);
    line.remove_prefix(plain);
    if (line.empty()) return;
    const std::size_t kept = kept_at(line);
    if (kept > 0) {
      to += line.substr(0, kept);
    } else {
      to += fmt::format("\\x{:02x}", static_cast<unsigned char>(line[0]));
    }
    line.remove_prefix(std::max<std::size_t>(kept, 1));
  }
}

}  // namespace stack::cli
