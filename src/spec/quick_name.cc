// SPDX-License-Identifier: Apache-2.0
#include "spec/quick_name.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/load_sources.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

constexpr std::array<std::string_view, 6> known_keys{"services", "version", "volumes",
                                                     "networks", "configs", "secrets"};

std::string_view word_at(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_name_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

bool is_blank_or_comment(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos || line[begin] == '#';
}

/// "shop" of " shop  # ours"; nothing for quotes, variables, numbers and the like.
std::optional<std::string> plain_value(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(begin);
  const std::string_view word = word_at(text);
  const std::string_view rest = text.substr(word.size());
  const bool is_text = resolve_plain(word).kind == Node::Kind::string;
  if (begin == 0 || !is_project_name(word) || !is_text) return std::nullopt;
  if (!is_blank_or_comment(rest) || rest.starts_with('#')) return std::nullopt;
  return std::string(word);
}

}  // namespace

std::optional<std::string> quick_name(std::string_view yaml) {
  std::string name;
  bool is_first = true;
  bool is_after_name = false;  // where its text may go on
  while (!yaml.empty()) {
    std::string_view line = take_line(yaml);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_blank_or_comment(line)) continue;
    const bool is_indented = line[0] == ' ';
    if (is_indented && (is_first || is_after_name)) return std::nullopt;
    if (is_indented) continue;
    const std::string_view key = word_at(line);
    if (!line.substr(key.size()).starts_with(':')) return std::nullopt;
    is_after_name = key == "name" && is_first;
    if (is_after_name) {
      const auto value = plain_value(line.substr(key.size() + 1));
      if (!value) return std::nullopt;
      name = *value;
    } else if (std::ranges::find(known_keys, key) == known_keys.end() && !key.starts_with("x-")) {
      return std::nullopt;
    }
    is_first = false;
  }
  return name;
}

}  // namespace stack::spec
