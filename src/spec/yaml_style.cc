// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml_style.h"

#include <algorithm>
#include <cstdint>

#include "base/format.h"
#include "base/text.h"
#include "base/utf8.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 1;
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const std::size_t length = std::max<std::size_t>(1, utf8_length(text, at));
  const auto first = static_cast<unsigned char>(text[at]);
  std::uint32_t value = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t next = 1; next < length; ++next)
    value = value << 6 | (static_cast<unsigned char>(text[at + next]) & 0x3fU);
  return {value, length};
}

/// What libyaml writes as it is. Line ends other than \n count as none: readers of YAML 1.1 take
/// them for line ends, those of 1.2 do not.
bool is_printable(std::uint32_t value) {
  if (value < 0xa0) return value >= 0x20 && value <= 0x7e;
  const bool is_line_end = value == 0x2028 || value == 0x2029;
  return value < 0xfffe && value != 0xfeff && !is_line_end;
}

bool has_special(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, length] = code_point_at(text, at);
    if (value != '\n' && value != '\t' && !is_printable(value)) return true;
    at += length;
  }
  return false;
}

/// 190:20:30: a number of YAML 1.1, in base 60.
bool is_base_60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts[0].empty()) return false;
  const auto consists_of = [](std::string_view part, std::string_view characters) {
    return part.find_first_not_of(characters) == std::string_view::npos;
  };
  if (parts[0][0] == '_' || !consists_of(parts[0], "0123456789_")) return false;
  for (std::size_t at = 1; at < parts.size(); ++at) {
    const bool is_last = at + 1 == parts.size();
    const auto whole = std::string_view(parts[at]).substr(0, parts[at].find(is_last ? '.' : ':'));
    const auto fraction = std::string_view(parts[at]).substr(whole.size());
    const auto number = whole.size() <= 2 ? parse_integer<int>(whole) : std::nullopt;
    if (!number || *number >= 60 || !consists_of(fraction, ".0123456789_")) return false;
  }
  return true;
}

/// Readers would make a number, a truth, a date, nothing or a merge of it.
bool is_read_as_other(std::string_view text) {
  if (text == "=" || text == "<<") return true;
  if (resolve_plain(text).kind != Node::Kind::string || parse_boolean(text)) return true;
  return resolve_plain(to_lower(text)).kind != Node::Kind::string || is_base_60(text);
}

bool is_blank_or_end(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == ' ';
}

/// Of one line, without special characters and tabs.
bool fits_plain(std::string_view text) {
  static constexpr std::string_view never_first = "#,[]{}&*!|>'\"%@` ";
  const char first = text[0];
  if (never_first.find(first) != std::string_view::npos || text.ends_with(' ')) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if ((first == '-' || first == '?') && is_blank_or_end(text, 1)) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ':' && is_blank_or_end(text, at + 1)) return false;
    if (text[at] == '#' && text[at - 1] == ' ') return false;
  }
  return true;
}

/// Readers could not tell the spaces at the ends of its lines from none; and some take a tab that
/// is first for an indentation.
bool fits_block(std::string_view text) {
  const auto first = text.find_first_not_of(" \n");
  const bool begins_with_tab = first != std::string_view::npos && text[first] == '\t';
  return !begins_with_tab && !text.ends_with(' ') && text.find(" \n") == std::string_view::npos &&
         !has_special(text);
}

std::string escape_of(std::uint32_t value) {
  static constexpr std::string_view characters("\0\a\b\t\n\v\f\r\x1b\"\\", 11);
  static constexpr std::string_view letters = "0abtnvfre\"\\";
  if (value < 0x80)
    if (const auto known = characters.find(static_cast<char>(value));
        known != std::string_view::npos)
      return std::string{'\\', letters[known]};
  if (value == 0x85) return "\\N";
  if (value == 0x2028) return "\\L";
  if (value == 0x2029) return "\\P";
  if (value <= 0xff) return fmt::format("\\x{:02X}", value);
  return value <= 0xffff ? fmt::format("\\u{:04X}", value) : fmt::format("\\U{:08X}", value);
}

std::string double_quoted(std::string_view text) {
  std::string result = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, length] = code_point_at(text, at);
    if (is_printable(value) && value != '"' && value != '\\')
      result += text.substr(at, length);
    else
      result += escape_of(value);
    at += length;
  }
  return result + '"';
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char character : text) result += character == '\'' ? "''" : std::string{character};
  return result + '\'';
}

/// The lines below "|", and behind it how readers are to take the first and the last of them.
std::string block(std::string_view text, std::size_t indent) {
  std::string result = "|";
  if (text[0] == ' ' || text[0] == '\n') result += '2';
  if (!text.ends_with('\n'))
    result += '-';
  else if (text == "\n" || text.ends_with("\n\n"))
    result += '+';
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (const auto& line : split(text, '\n'))
    result += '\n' + (line.empty() ? "" : std::string(indent, ' ')) + line;
  return result;
}

std::string in_one_line(std::string_view text) {
  const bool has_control = text.find_first_of("\t\n") != std::string_view::npos;
  if (text.empty() || has_control || has_special(text) || is_read_as_other(text))
    return double_quoted(text);
  return fits_plain(text) ? std::string(text) : single_quoted(text);
}

}  // namespace

std::string yaml_value(std::string_view text, std::size_t indent) {
  const bool has_lines = text.find('\n') != std::string_view::npos;
  return has_lines && fits_block(text) ? block(text, indent) : in_one_line(text);
}

std::string yaml_key(std::string_view text) {
  return in_one_line(text);
}

}  // namespace stack::spec
