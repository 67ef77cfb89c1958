// SPDX-License-Identifier: Apache-2.0
#include "build/source_lines.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"

namespace stack::build {
namespace {

constexpr std::size_t npos = std::string_view::npos;

std::string_view without_blanks_before(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(blanks) == std::string_view::npos;
}

/// "run", "copy" or "add", which may have here-documents, behind ONBUILD too; "" for others.
std::string heredoc_taker(std::string_view line) {
  std::string_view rest = without_blanks_before(line);
  std::string word = to_lower(rest.substr(0, std::min(rest.find_first_of(blanks), rest.size())));
  if (word == "onbuild") {
    rest = without_blanks_before(rest.substr(word.size()));
    word = to_lower(rest.substr(0, std::min(rest.find_first_of(blanks), rest.size())));
  }
  return word == "run" || word == "copy" || word == "add" ? word : "";
}

/// Without quotes and escapes; nothing for what is no single word of a shell.
std::optional<std::string> unquoted(std::string_view text) {
  constexpr std::string_view ends_word = " \t;&|()<>";
  std::string word;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'') {
      if (++i == text.size()) return std::nullopt;
      const bool is_escape = quote == '\0' || std::string_view("\"$\\").find(text[i]) != npos;
      if (!is_escape) word += c;
      word += text[i];
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == '\0' && ends_word.find(c) != npos) {
      return std::nullopt;
    } else {
      word += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return word;
}

/// Words as a shell would part them, quotes and all.
std::vector<std::string> shell_words(std::string_view text, char escape) {
  std::vector<std::string> words(1);
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && blanks.find(c) != std::string_view::npos) {
      if (!words.back().empty()) words.emplace_back();
      continue;
    }
    words.back() += c;
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      words.back() += text[++i];
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  }

  SourceLines read() {
    read_directives();
    while (has_line()) read_logical_line();
    return std::move(result_);
  }

 private:
  bool has_line() const { return !text_.empty(); }
  std::string_view peek_whole() const {
    return text_.substr(0, std::min(text_.find('\n'), text_.size()));
  }
  /// Without the end of its line, DOS's too.
  std::string_view peek() const {
    std::string_view line = peek_whole();
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  std::string_view next() {
    const std::string_view line = peek();
    text_.remove_prefix(std::min(text_.find('\n'), text_.size() - 1) + 1);
    ++number_;
    return line;
  }

  static bool is_comment(std::string_view line) {
    return without_blanks_before(line).starts_with('#');
  }

  void read_directives() {
    if (has_line() && peek().starts_with("#!")) next();
    std::vector<std::string> seen;
    while (has_line() && is_comment(peek())) {
      const std::string_view line = trim(without_blanks_before(peek()).substr(1));
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) return;
      const std::string name = to_lower(trim(line.substr(0, equals)));
      const std::string value(trim(line.substr(equals + 1)));
      if (name != "syntax" && name != "escape" && name != "check") return;
      next();
      if (std::find(seen.begin(), seen.end(), name) != seen.end())
        result_.problems.push_back(
            {{number_, 1}, fmt::format("only one {} parser directive can be used", name), ""});
      seen.push_back(name);
      if (name == "syntax") result_.syntax = value;
      if (name == "check") result_.check = value;
      if (name == "escape") set_escape(value);
    }
  }

  void set_escape(const std::string& value) {
    if (value == "\\" || value == "`") {
      result_.escape = value.front();
      return;
    }
    result_.problems.push_back({{number_, 1},
                                fmt::format("invalid escape token {}", stack::quoted(value)),
                                "it is \\ or `"});
  }

  /// The line without its continuation mark; whether it had one.
  bool take_continuation(std::string_view& line) const {
    const std::size_t last = line.find_last_not_of(blanks);
    if (last == std::string_view::npos || line[last] != result_.escape) return false;
    // An escaped escape is a character like others.
    if (last > 0 && line[last - 1] == result_.escape) return false;
    line = line.substr(0, last);
    return true;
  }

  void read_logical_line() {
    if (is_blank(peek()) || is_comment(peek())) {
      next();
      return;
    }
    LogicalLine logical;
    bool continues = true;
    while (continues && has_line()) {
      std::string_view line = next();
      const bool is_first = logical.text.empty();
      if (is_comment(line)) continue;
      if (is_blank(line)) {
        if (!is_first)
          result_.warnings.push_back({{number_, 1},
                                      "an empty line does not end a continued instruction",
                                      "remove it, or the \\ before it",
                                      "NoEmptyContinuation"});
        continue;
      }
      std::size_t column = 0;
      if (is_first) column = line.find_first_not_of(blanks);
      line.remove_prefix(column);
      continues = take_continuation(line);
      logical.pieces.push_back({logical.text.size(), {number_, static_cast<int>(column) + 1}});
      logical.text += line;
    }
    while (!logical.text.empty() && blanks.find(logical.text.back()) != std::string_view::npos)
      logical.text.pop_back();
    if (const std::string taker = heredoc_taker(logical.text); !taker.empty())
      read_heredocs(logical, taker != "run");
    if (!logical.text.empty()) result_.lines.push_back(std::move(logical));
  }

  /// As BuildKit, files are made of what stands there, with the ends of lines that DOS has. For a
  /// shell they would be a part of its last words.
  void read_heredocs(LogicalLine& logical, bool are_files) {
    for (const std::string& word : shell_words(logical.text, result_.escape)) {
      const auto start = heredoc_start(word);
      if (!start) continue;
      const Position begin = logical.at(0);
      Heredoc document{start->name, start->expands, ""};
      bool ended = false;
      while (!ended && has_line()) {
        std::string_view whole = peek_whole();
        std::string_view line = next();
        if (start->strips_tabs) {
          const std::size_t tabs = std::min(line.find_first_not_of('\t'), line.size());
          line.remove_prefix(tabs);
          whole.remove_prefix(tabs);
        }
        ended = line == start->name;
        if (!ended) document.content.append(are_files ? whole : line).append("\n");
      }
      if (!ended)
        result_.problems.push_back(
            {begin, "unterminated heredoc",
             fmt::format("a line that is {} alone ends it", stack::quoted(start->name))});
      logical.heredocs.push_back(std::move(document));
    }
  }

  std::string_view text_;
  int number_ = 0;
  SourceLines result_;
};

}  // namespace

Position LogicalLine::at(std::size_t offset) const {
  Position place;
  for (const Piece& piece : pieces) {
    if (piece.offset > offset) break;
    place = {piece.at.line, piece.at.column + static_cast<int>(offset - piece.offset)};
  }
  return place;
}

std::optional<HeredocStart> heredoc_start(std::string_view word) {
  const std::size_t mark = word.find("<<");
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view number = word.substr(0, mark);
  if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  HeredocStart start;
  std::string_view name = word.substr(mark + 2);
  if (name.starts_with('-')) {
    start.strips_tabs = true;
    name.remove_prefix(1);
  }
  // "<<<" is a shell's here-string.
  if (name.find('<') != npos) return std::nullopt;
  const auto plain = unquoted(name);
  if (!plain || plain->empty()) return std::nullopt;
  start.name = *plain;
  start.expands = start.name == name;
  return start;
}

SourceLines split_source(std::string_view text) {
  return Reader(text).read();
}

bool is_file_name(std::string_view name) {
  return name.find('/') == npos && name != "." && name != "..";
}

}  // namespace stack::build
