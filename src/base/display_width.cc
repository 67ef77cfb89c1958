// SPDX-License-Identifier: Apache-2.0
#include "base/display_width.h"

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "base/width_table.h"

namespace stack {
namespace {

constexpr std::string_view ellipsis = "…";

struct Character {
  char32_t code;  ///< 0: a byte that begins none
  std::size_t bytes;
};

Character first_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = utf8_length(text, 0);
  if (bytes < 2) return {bytes == 0 ? U'\0' : first, 1};
  char32_t code = first & (0x7fU >> bytes);
  for (const char byte : text.substr(1, bytes - 1))
    code = code << 6U | (static_cast<unsigned char>(byte) & 0x3fU);
  return {code, bytes};
}

bool is_in(std::span<const CharacterRange> table, char32_t code) {
  const auto after = std::ranges::upper_bound(table, code, {}, &CharacterRange::first);
  return after != table.begin() && code <= std::prev(after)->last;
}

std::size_t columns_of(char32_t code) {
  if (code < combining_characters.front().first) return 1;
  if (is_in(combining_characters, code)) return 0;
  return is_in(wide_characters, code) ? 2 : 1;
}

/// Bytes of the longest beginning that fits.
std::size_t bytes_that_fit(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  for (std::size_t columns = 0; bytes < text.size();) {
    const Character next = first_of(text.substr(bytes));
    columns += columns_of(next.code);
    if (columns > width) break;
    bytes += next.bytes;
  }
  return bytes;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    columns += columns_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::string cut(text.substr(0, bytes_that_fit(text, width - 1)));
  cut += ellipsis;
  return cut;
}

std::string cut_front_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  while (display_width(text) > width - 1) {
    text.remove_prefix(first_of(text).bytes);
    // A mark without the character that it is of would go to the "…".
    while (!text.empty() && columns_of(first_of(text).code) == 0)
      text.remove_prefix(first_of(text).bytes);
  }
  std::string cut(ellipsis);
  cut += text;
  return cut;
}

std::string padded_to_width(std::string_view text, std::size_t width) {
  std::string padded(text);
  const std::size_t columns = display_width(text);
  if (columns < width) padded.append(width - columns, ' ');
  return padded;
}

}  // namespace stack
