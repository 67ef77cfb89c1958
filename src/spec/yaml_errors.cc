// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml_errors.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "spec/yaml_outline.h"

namespace stack::spec {
namespace {

struct Phrase {
  std::string_view scanner;
  std::string_view words;
};

constexpr std::array kPhrases = {
    Phrase{"the referenced anchor is not defined", "no anchor of this name stands above"},
    Phrase{"unknown escape character", "unknown escape sequence in double quotes"},
    Phrase{"illegal character in string", "this text is never closed by a quote"},
    Phrase{"illegal flow end", "this bracket is not of the kind that is open"},
    Phrase{"illegal block entry", "a list item cannot begin here"},
    Phrase{"illegal map key", "a key cannot begin here"},
    Phrase{"cannot assign multiple tags", "a value can have one tag only"},
    Phrase{"cannot assign multiple anchors", "a value can have one anchor only"},
};

int indentation(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? -1 : static_cast<int>(first);
}

/// The nearest line above that is neither empty nor a comment; 0 when there is none.
int line_above(const SourceLines& source, int line) {
  for (int above = line - 1; above > 0; --above) {
    const auto text = trim(source[above]);
    if (!text.empty() && text[0] != '#') return above;
  }
  return 0;
}

PlainWords explain_tab(int line, const SourceLines& source) {
  const auto tab = source[line].find('\t');
  const int column = tab == std::string_view::npos ? 1 : static_cast<int>(tab) + 1;
  return {"a tab cannot be used to indent", "use spaces", line, column, 1};
}

bool has_tab_indentation(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return line.substr(0, first).find('\t') != std::string_view::npos;
}

/// "illegal map value": either "a: b: c", or a line that is deeper than its neighbours.
PlainWords explain_map_value(int line, int column, const SourceLines& source) {
  const auto text = source[line];
  const int above = line_above(source, line);
  const int indent = indentation(text);
  const auto above_text = trim(source[above]);
  const bool key_starts_line = text.find(':') + 1 == static_cast<std::size_t>(column);
  if (above > 0 && key_starts_line && indent > indentation(source[above]) &&
      !above_text.ends_with(':')) {
    return {
        fmt::format("this line is indented too far: line {} above it already has a value", above),
        fmt::format("indent it by {} spaces, like line {}", indentation(source[above]), above),
        line, indent + 1};
  }
  return {"a second \": \" in one value", "put the value in quotes", line, column};
}

PlainWords explain_map_end(int line, int column, const SourceLines& source) {
  const auto text = source[line];
  const int indent = indentation(text);
  if (column > indent + 1) {
    return {"unexpected text behind the value", "put the whole value in quotes", line, column};
  }
  return {"the indentation of this line fits none of the blocks above it",
          "keys of one mapping begin in the same column", line, indent + 1};
}

PlainWords explain_token(int line, int column, const SourceLines& source) {
  const auto text = source[line];
  const auto at = static_cast<std::size_t>(column - 1);
  const std::string found = at < text.size() ? std::string(1, text[at]) : "";
  return {fmt::format("a value cannot begin with {}", stack::quoted(found)), "put it in quotes",
          line, column};
}

/// The innermost bracket that is open at the end of `line`, or closed on it by one of another kind.
PlainWords explain_bracket(int line, int column, const SourceLines& source) {
  const auto brackets = outline_of(source).brackets;
  const auto is_open = [&](const Bracket& bracket) {
    const bool is_before =
        bracket.first_line < line || (bracket.first_line == line && bracket.column <= column);
    return is_before && (bracket.last_line == 0 || bracket.last_line >= line);
  };
  const auto open = std::find_if(brackets.rbegin(), brackets.rend(), is_open);
  if (open == brackets.rend()) return {"a bracket is never closed", "", line, column};
  const char bracket = source[open->first_line][static_cast<std::size_t>(open->column - 1)];
  return {bracket == '[' ? "this list is never closed by \"]\""
                         : "this mapping is never closed by \"}\"",
          open->first_line == line ? "" : fmt::format("it goes on to line {}", line),
          open->first_line, open->column, 1};
}

// --- slips above the place where the scanner gave up ---------------------------------------------

constexpr std::string_view kNoBreakSpace = "\xc2\xa0";

bool is_conflict_marker(std::string_view line) {
  return line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "=======";
}

std::optional<PlainWords> find_conflict(const SourceLines& source, int last) {
  for (int line = 1; line <= last; ++line) {
    if (!is_conflict_marker(source[line])) continue;
    return PlainWords{"a merge conflict was left in the file",
                      "keep one of its sides, and remove the lines of <, = and >", line, 1, 7};
  }
  return std::nullopt;
}

/// Pages and word processors put it where a space seems to be.
std::optional<PlainWords> find_no_break_space(const SourceLines& source, const Outline& outline,
                                              int last) {
  for (int line = 1; line <= last; ++line) {
    if (outline.lines[static_cast<std::size_t>(line - 1)].kind == OutlineLine::Kind::inside)
      continue;
    const auto text = source[line];
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos || !text.substr(first).starts_with(kNoBreakSpace)) continue;
    return PlainWords{"a no-break space (U+00A0) cannot be used to indent", "use plain spaces",
                      line, static_cast<int>(first) + 1, 2};
  }
  return std::nullopt;
}

/// A forgotten quote ends the value at the next one, wherever that is.
std::optional<PlainWords> find_open_quote(const Outline& outline, int last) {
  for (const LongQuote& quote : outline.quotes) {
    if (quote.first_line > last) break;
    if (quote.last_line == 0) return explain_endless_value(quote.first_line, quote.column);
    if (!quote.has_text_behind || quote.last_line < last) continue;
    return PlainWords{fmt::format("the value that begins with this quote goes on to line {}, where "
                                  "text stands behind its end",
                                  quote.last_line),
                      "close the quote on its line", quote.first_line, quote.column, 1};
  }
  return std::nullopt;
}

/// A line of a mapping that is no key, and cannot belong to the value above it.
std::optional<PlainWords> find_line_without_key(const SourceLines& source, const Outline& outline,
                                                int last) {
  using Kind = OutlineLine::Kind;
  const OutlineLine* above = nullptr;
  std::optional<int> first_text;  // of a value that stands below its key, so far
  for (int line = 1; line <= last; ++line) {
    const OutlineLine& here = outline.lines[static_cast<std::size_t>(line - 1)];
    if (here.kind == Kind::nothing || here.kind == Kind::inside) continue;
    if (here.kind != Kind::text) {
      const bool is_neighbour =
          first_text && here.kind == Kind::entry &&
          here.indent == outline.lines[static_cast<std::size_t>(*first_text - 1)].indent;
      if (is_neighbour)
        return explain_missing_colon(source[*first_text], *first_text, here.indent + 1);
      first_text.reset();
      above = here.kind == Kind::structure ? nullptr : &here;
      continue;
    }
    if (above != nullptr && here.indent <= above->column)
      return explain_missing_colon(source[line], line, here.indent + 1);
    if (!first_text) first_text = line;
  }
  return std::nullopt;
}

std::optional<PlainWords> find_slip(const SourceLines& source, int last) {
  last = std::min(last, source.count());
  if (auto words = find_conflict(source, last)) return words;
  const Outline outline = outline_of(source);
  if (auto words = find_no_break_space(source, outline, last)) return words;
  if (auto words = find_open_quote(outline, last)) return words;
  return find_line_without_key(source, outline, last);
}

bool is_key_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' ||
         character == '.';
}

/// "image: nginx" of "image nginx" and "image:nginx"; the key alone when nothing is behind it.
std::string with_colon(std::string_view text) {
  const auto end =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_key_character) - text.begin());
  auto value = text.substr(end);
  if (value.starts_with(':')) value.remove_prefix(1);
  value = trim(value);
  const auto key = text.substr(0, end);
  return value.empty() ? fmt::format("{}:", key) : fmt::format("{}: {}", key, value);
}

}  // namespace

PlainWords explain_endless_value(int line, int column) {
  return {fmt::format("the value that goes on from line {} never ends", line),
          "close the quote that opens here", line, column, 1};
}

PlainWords explain_missing_colon(std::string_view text, int line, int column) {
  const auto start = std::min(static_cast<std::size_t>(column - 1), text.size());
  const auto slip = trim(text.substr(start));
  const bool has_key = !slip.empty() && is_key_character(slip[0]);
  return {"this line is not a key with a value",
          has_key ? fmt::format("a colon and a space belong behind the key: {}", with_colon(slip))
                  : "a colon and a space belong behind the key",
          line, column};
}

PlainWords explain_yaml_error(std::string_view message, int line, int column,
                              std::string_view text) {
  const SourceLines source(text);
  if (has_tab_indentation(source[line])) return explain_tab(line, source);
  if (auto words = find_slip(source, line)) return *words;
  if (message == "illegal map value") return explain_map_value(line, column, source);
  if (message == "end of map not found" || message == "end of sequence not found")
    return explain_map_end(line, column, source);
  if (message == "end of sequence flow not found" || message == "end of map flow not found")
    return explain_bracket(line, column, source);
  if (message == "unknown token") return explain_token(line, column, source);
  for (const auto& phrase : kPhrases) {
    if (message.starts_with(phrase.scanner)) return {std::string(phrase.words), "", line, column};
  }
  return {fmt::format("this is not YAML: {}", message), "", line, column};
}

}  // namespace stack::spec
