// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace stack {
namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_sign(char character) {
  return character == '-' || character == '+';
}

bool is_decimal(std::string_view text) {
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  std::size_t digits = 0;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) ++digits;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at) ++digits;
  }
  if (digits == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  text.remove_prefix(at + 1);
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

}  // namespace

// strtod(3) takes more than decimals, and listens to the locale, which is always "C" here.
std::optional<double> parse_number(std::string_view text) {
  if (!is_decimal(text)) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const double value = std::strtod(terminated.c_str(), &end);
  if (errno != 0 || end != terminated.c_str() + terminated.size()) return std::nullopt;
  return value;
}

}  // namespace stack
