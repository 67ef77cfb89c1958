// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/format.h"
#include "base/text.h"

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

namespace {

/// d.ddd times ten to the `exponent`, without a sign.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

/// Of what fmt makes of a number: "12.5", "1.5e-07". It has the digits, and changes its notation
/// as it likes.
Decimal decimal_of(std::string_view text) {
  Decimal decimal;
  int behind_point = 0;
  bool is_behind = false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e'; ++at) {
    if (text[at] == '.') {
      is_behind = true;
      continue;
    }
    decimal.digits += text[at];
    if (is_behind) ++behind_point;
  }
  int shift = 0;
  if (at < text.size()) {
    std::string_view written = text.substr(at + 1);
    if (written.front() == '+') written.remove_prefix(1);
    shift = parse_integer<int>(written).value_or(0);
  }
  decimal.exponent = static_cast<int>(decimal.digits.size()) - 1 - behind_point + shift;
  while (decimal.digits.size() > 1 && decimal.digits.front() == '0') {
    decimal.digits.erase(0, 1);
    --decimal.exponent;
  }
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0') decimal.digits.pop_back();
  if (decimal.digits == "0") decimal.exponent = 0;
  return decimal;
}

std::string fixed(const Decimal& decimal) {
  const auto& [digits, exponent] = decimal;
  if (exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return digits + std::string(whole - digits.size(), '0');
  return digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string scientific(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += "." + decimal.digits.substr(1);
  const int exponent = decimal.exponent;
  return text +
         fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
}

}  // namespace

std::string shortest_text(double value, Notation notation) {
  const std::string text = fmt::format("{}", value);
  const bool is_negative = text.front() == '-';
  const Decimal decimal = decimal_of(std::string_view(text).substr(is_negative ? 1 : 0));
  return (is_negative ? "-" : "") +
         (notation == Notation::fixed ? fixed(decimal) : scientific(decimal));
}

}  // namespace stack
