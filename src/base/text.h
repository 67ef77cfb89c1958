// SPDX-License-Identifier: Apache-2.0
// Text for people: near names, sizes, durations, quoting.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stack {

/// The candidate nearest to `word` by edit distance with transpositions, when near enough to be a
/// slip of the fingers (at most a third of its letters, at least one).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);
std::size_t edit_distance(std::string_view a, std::string_view b);

std::vector<std::string> split(std::string_view text, char separator);
/// The first line of `text` without its newline; `text` is what follows.
std::string_view take_line(std::string_view& text);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes);

/// A JSON string literal with its quotes.
std::string quoted(std::string_view text);
/// Two lower-case hexadecimal digits a byte.
std::string to_hex(std::string_view bytes);
/// The bytes again; nothing for a text that is not made of such digits.
std::optional<std::string> from_hex(std::string_view text);
/// Control characters made visible (\x1b), so that a hostile name cannot drive the terminal.
std::string printable(std::string_view text);

/// 1.5kB, 20MB: decimal units as docker prints them.
std::string human_size(std::uint64_t bytes);
/// "Less than a second", "12 seconds", "About a minute", "3 hours": docker's wording.
std::string human_duration(std::chrono::seconds duration);

struct NumberRange {
  unsigned first;
  unsigned last;  ///< not below `first`
  bool operator==(const NumberRange&) const = default;
};
/// "0-3,7", as the kernel writes lists of processors; nothing when it is none (cpuset(7), "List
/// format").
std::optional<std::vector<NumberRange>> parse_ranges(std::string_view text);

/// Checked conversion of the whole of `text` to an integer of the given type.
template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text, int base = 10);

}  // namespace stack

#include <charconv>

namespace stack {

template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text, int base) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace stack
