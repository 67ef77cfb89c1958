// SPDX-License-Identifier: Apache-2.0
// The texts of single values: what a plain YAML scalar means, and checked readers for durations,
// sizes, booleans and the like. Nothing here throws; absent means "not one of these".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/tree.h"

namespace stack::spec {

/// Kind and canonical text of a plain (unquoted) scalar as docker compose's YAML reader has it:
/// 0644 is the number 420, 1e3 is 1000, yes and 22:22 are text.
struct PlainScalar {
  Node::Kind kind = Node::Kind::string;
  std::string text;
};
PlainScalar resolve_plain(std::string_view source);

/// true/false, and the words of older YAML: y yes on / n no off, in any case.
std::optional<bool> parse_boolean(std::string_view text);
/// Whether an environment variable switches something on: the same words, 1 and t.
bool is_switched_on(std::string_view variable);

/// The shortest text that reads back as the same number, written as in JSON: 1.1, 1000.
std::string number_text(double value);

/// "1h5m30s20ms", "1.5s", also d and w. Nothing for a bare number, an unknown unit or an overflow.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// As Go prints a duration: "1m30s", "100µs", "0s".
std::string duration_text(std::chrono::nanoseconds duration);

/// "512m", "1.5g", "10kb", "64 MiB" or a plain number; units are binary. Negative is not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// 0440, 0o440 and "0440" are octal, as is every mode written as text.
std::optional<std::uint32_t> parse_mode(std::string_view text);

struct Words {
  std::vector<std::string> words;
  /// Where an unquoted ; & | < or > stands, with the number of a descriptor in front of it: compose
  /// ends the command there, npos without one.
  std::size_t shell_operator = std::string_view::npos;
  /// Why the text is no command ("a quote that is not closed"); empty when it is one.
  std::string_view mistake;
};
/// Splits as docker compose does: with quotes and backslashes, without expanding anything; `...`
/// and $(...) hold what is in them together.
Words split_words(std::string_view text);

/// What `x-stack.on_change` says: the word, and behind "signal:" the signal as canonical_signal()
/// has it. Nothing when it says nothing.
std::optional<std::pair<std::string, std::string>> parse_on_change(std::string_view text);
/// "SIGTERM" from term, SIGTERM, 15 or RTMIN+3; nothing when it cannot be a signal.
std::optional<std::string> canonical_signal(std::string_view text);

}  // namespace stack::spec
