// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml_outline.h"

#include <algorithm>
#include <optional>

namespace stack::spec {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_blank_at(std::string_view line, std::size_t at) {
  return at >= line.size() || line[at] == ' ' || line[at] == '\t';
}

bool is_quote(char character) {
  return character == '"' || character == '\'';
}

std::size_t skip_blanks(std::string_view line, std::size_t at) {
  return std::min(line.find_first_not_of(" \t", at), line.size());
}

/// Where a plain scalar from `at` on ends: at a colon with a blank behind it, before a comment, or
/// with the line.
std::size_t end_of_plain(std::string_view line, std::size_t at) {
  for (; at < line.size(); ++at) {
    if (line[at] == ':' && is_blank_at(line, at + 1)) return at;
    if (line[at] == '#' && at > 0 && is_blank_at(line, at - 1)) return at;
  }
  return at;
}

/// Reads the lines one after the other; what a line leaves open is remembered for the next ones.
class Outliner {
 public:
  explicit Outliner(const SourceLines& source) : source_(source) {}

  Outline run() {
    outline_.lines.resize(static_cast<std::size_t>(source_.count()));
    for (line_ = 1; line_ <= source_.count(); ++line_) read_line();
    return std::move(outline_);
  }

 private:
  using Kind = OutlineLine::Kind;

  OutlineLine& here() { return outline_.lines[static_cast<std::size_t>(line_ - 1)]; }
  std::string_view text() const { return source_[line_]; }

  void read_line() {
    const auto first = text().find_first_not_of(' ');
    here().indent = here().column = first == npos ? 0 : static_cast<int>(first);
    if (is_in_block_scalar(first)) {
      here().kind = Kind::inside;
    } else if (!open_.empty()) {
      here().kind = Kind::inside;
      read_brackets(0);
    } else if (first != npos && text()[first] != '#') {
      read_structure(first);
    }
  }

  bool is_in_block_scalar(std::size_t first) {
    if (block_column_ < 0) return false;
    if (first == npos || static_cast<int>(first) > block_column_) return true;
    block_column_ = -1;
    return false;
  }

  void read_structure(std::size_t at) {
    here().kind = Kind::text;
    if (at == 0 && (text().starts_with("---") || text().starts_with("...") || text()[0] == '%')) {
      here().kind = Kind::structure;
      return;
    }
    while (at < text().size() && text()[at] == '-' && is_blank_at(text(), at + 1)) {
      here().kind = Kind::item;
      here().column = static_cast<int>(at);
      at = skip_blanks(text(), at + 1);
    }
    for (std::optional<std::size_t> value = at; value;) value = read_value(*value);
  }

  /// A value, or a key: then where the value behind it begins.
  std::optional<std::size_t> read_value(std::size_t at) {
    const auto start = at;
    at = skip_properties(text(), at);
    const bool is_bare = here().kind == Kind::text;
    if (at >= text().size() || text()[at] == '#') {
      if (at > start && is_bare) here().kind = Kind::structure;
      return std::nullopt;
    }
    const char first = text()[at];
    const bool is_marker = (first == '?' || first == ':') && is_blank_at(text(), at + 1);
    if ((at > start || first == '*' || first == '[' || first == '{' || is_marker) && is_bare)
      here().kind = Kind::structure;
    if (first == '|' || first == '>') {
      block_column_ = here().column;
    } else if (first == '[' || first == '{') {
      read_brackets(at);
    } else if (is_quote(first)) {
      const int line = line_;
      const auto end = pass_quote(at);
      if (line_ == line && end != npos) return behind_key(start, skip_blanks(text(), end));
    } else {
      return behind_key(start, end_of_plain(text(), at));
    }
    return std::nullopt;
  }

  /// Where the value of the key from `start` to `at` begins; nothing when it is no key, or has
  /// none.
  std::optional<std::size_t> behind_key(std::size_t start, std::size_t at) {
    if (at >= text().size() || text()[at] != ':' || !is_blank_at(text(), at + 1))
      return std::nullopt;
    if (here().kind == Kind::item || here().kind == Kind::text) {
      here().column = static_cast<int>(start);
      here().kind = Kind::entry;
    }
    const auto value = skip_blanks(text(), at + 1);
    return value < text().size() ? std::optional(value) : std::nullopt;
  }

  /// Goes to the line on which the quote at `opening` closes; returns the column behind it, npos at
  /// the end of the file.
  std::size_t pass_quote(std::size_t opening) {
    int last_line = line_;
    const auto end = end_of_quote(source_, last_line, opening);
    if (last_line == line_ && end != npos) return end;
    LongQuote quote{line_, static_cast<int>(opening) + 1, end == npos ? 0 : last_line};
    while (line_ < last_line) {
      ++line_;
      here().kind = Kind::inside;
    }
    if (end != npos && open_.empty()) {
      const auto behind = skip_blanks(text(), end);
      quote.has_text_behind = behind < text().size() && text()[behind] != '#';
    }
    outline_.quotes.push_back(quote);
    return end;
  }

  void open_bracket(std::size_t at) {
    open_.push_back(outline_.brackets.size());
    outline_.brackets.push_back({line_, static_cast<int>(at) + 1});
  }

  /// Whether it was the outermost.
  bool close_bracket() {
    outline_.brackets[open_.back()].last_line = line_;
    open_.pop_back();
    return open_.empty();
  }

  void read_brackets(std::size_t at) {
    for (; at < text().size(); ++at) {
      const char character = text()[at];
      if (character == '#' && (at == 0 || is_blank_at(text(), at - 1))) return;
      if (character == '[' || character == '{') open_bracket(at);
      if ((character == ']' || character == '}') && close_bracket()) return;
      const bool begins_value = at == 0 || std::string_view(" \t[{,:").find(text()[at - 1]) != npos;
      if (!is_quote(character) || !begins_value) continue;
      const auto end = pass_quote(at);
      if (end == npos) return;
      at = end - 1;
    }
  }

  const SourceLines& source_;
  Outline outline_;
  int line_ = 1;
  int block_column_ = -1;          ///< of the key whose block scalar this is; -1: in none
  std::vector<std::size_t> open_;  ///< places of open brackets in outline_.brackets
};

}  // namespace

SourceLines::SourceLines(std::string_view source) {
  while (!source.empty()) {
    const auto end = std::min(source.find('\n'), source.size());
    lines_.push_back(source.substr(0, end));
    source.remove_prefix(std::min(end + 1, source.size()));
  }
}

std::string_view SourceLines::operator[](int number) const {
  return number < 1 || number > count() ? std::string_view()
                                        : lines_[static_cast<std::size_t>(number - 1)];
}

std::size_t end_of_quote(const SourceLines& source, int& line, std::size_t column) {
  const char quote = source[line][column];
  for (std::size_t at = column + 1; line <= source.count(); ++line, at = 0) {
    const auto text = source[line];
    for (; at < text.size(); ++at) {
      const bool is_doubled = quote == '\'' && text.substr(at).starts_with("''");
      if (is_doubled || (quote == '"' && text[at] == '\\')) {
        ++at;
      } else if (text[at] == quote) {
        return at + 1;
      }
    }
  }
  line = source.count();
  return npos;
}

std::size_t skip_properties(std::string_view line, std::size_t column) {
  while (column < line.size() && (line[column] == '&' || line[column] == '!')) {
    while (!is_blank_at(line, column)) ++column;
    column = skip_blanks(line, column);
  }
  return column;
}

bool has_colon(std::string_view line, std::size_t column) {
  const auto before = line.substr(0, column).find_last_not_of(" \t");
  if (before != npos && line[before] == '?') return true;
  const auto key = skip_properties(line, column);
  if (key >= line.size()) return false;
  std::size_t end = 0;
  if (is_quote(line[key])) {
    const SourceLines alone(line);
    int number = 1;
    const auto behind = end_of_quote(alone, number, key);
    end = behind == npos ? line.size() : skip_blanks(line, behind);
  } else {
    end = end_of_plain(line, key);
  }
  return end < line.size() && line[end] == ':';
}

Outline outline_of(const SourceLines& source) {
  return Outliner(source).run();
}

}  // namespace stack::spec
