// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml_errors.h"

#include <array>

#include "base/format.h"
#include "base/text.h"

namespace stack::spec {
namespace {

struct Phrase {
  std::string_view scanner;
  std::string_view words;
};

constexpr std::array kPhrases = {
    Phrase{"end of sequence flow not found", "this list is never closed by \"]\""},
    Phrase{"end of map flow not found", "this mapping is never closed by \"}\""},
    Phrase{"the referenced anchor is not defined", "no anchor of this name stands above"},
    Phrase{"unknown escape character", "unknown escape sequence in double quotes"},
    Phrase{"illegal character in string", "this text is never closed by a quote"},
    Phrase{"illegal block entry", "a list item cannot begin here"},
    Phrase{"illegal map key", "a key cannot begin here"},
    Phrase{"cannot assign multiple tags", "a value can have one tag only"},
    Phrase{"cannot assign multiple anchors", "a value can have one anchor only"},
};

std::string_view line_at(std::string_view source, int number) {
  for (int line = 1; line < number; ++line) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

int indentation(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? -1 : static_cast<int>(first);
}

/// The nearest line above that is neither empty nor a comment; 0 when there is none.
int line_above(std::string_view source, int line) {
  for (int above = line - 1; above > 0; --above) {
    const auto text = trim(line_at(source, above));
    if (!text.empty() && text[0] != '#') return above;
  }
  return 0;
}

PlainWords explain_tab(int line, std::string_view source) {
  const auto tab = line_at(source, line).find('\t');
  const int column = tab == std::string_view::npos ? 1 : static_cast<int>(tab) + 1;
  return {"a tab cannot be used to indent", "use spaces", line, column, 1};
}

bool has_tab_indentation(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return line.substr(0, first).find('\t') != std::string_view::npos;
}

/// "illegal map value": either "a: b: c", or a line that is deeper than its neighbours.
PlainWords explain_map_value(int line, int column, std::string_view source) {
  const auto text = line_at(source, line);
  const int above = line_above(source, line);
  const int indent = indentation(text);
  const auto above_text = trim(line_at(source, above));
  const bool key_starts_line = text.find(':') + 1 == static_cast<std::size_t>(column);
  if (above > 0 && key_starts_line && indent > indentation(line_at(source, above)) &&
      !above_text.ends_with(':')) {
    return {
        fmt::format("this line is indented too far: line {} above it already has a value", above),
        fmt::format("indent it by {} spaces, like line {}", indentation(line_at(source, above)),
                    above),
        line, indent + 1};
  }
  if (above > 0 && key_starts_line && above_text.find(':') == std::string_view::npos) {
    return {"this line is not a key with a value", "a colon and a space belong behind the key",
            above, indentation(line_at(source, above)) + 1};
  }
  return {"a second \": \" in one value", "put the value in quotes", line, column};
}

PlainWords explain_map_end(int line, int column, std::string_view source) {
  const auto text = line_at(source, line);
  const int indent = indentation(text);
  if (column > indent + 1) {
    return {"unexpected text behind the value", "put the whole value in quotes", line, column};
  }
  return {"the indentation of this line fits none of the blocks above it",
          "keys of one mapping begin in the same column", line, indent + 1};
}

PlainWords explain_token(int line, int column, std::string_view source) {
  const auto text = line_at(source, line);
  const auto at = static_cast<std::size_t>(column - 1);
  const std::string found = at < text.size() ? std::string(1, text[at]) : "";
  return {fmt::format("a value cannot begin with {}", stack::quoted(found)), "put it in quotes",
          line, column};
}

}  // namespace

PlainWords explain_yaml_error(std::string_view message, int line, int column,
                              std::string_view source) {
  if (has_tab_indentation(line_at(source, line))) return explain_tab(line, source);
  if (message == "illegal map value") return explain_map_value(line, column, source);
  if (message == "end of map not found" || message == "end of sequence not found")
    return explain_map_end(line, column, source);
  if (message == "unknown token") return explain_token(line, column, source);
  for (const auto& phrase : kPhrases) {
    if (message.starts_with(phrase.scanner)) return {std::string(phrase.words), "", line, column};
  }
  return {fmt::format("this is not YAML: {}", message), "", line, column};
}

}  // namespace stack::spec
