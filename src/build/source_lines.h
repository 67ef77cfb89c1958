// SPDX-License-Identifier: Apache-2.0
// A Dockerfile's text as logical lines: parser directives read, comments dropped, continued lines
// joined, here-documents taken along. Every byte of a joined line still knows where it stood.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::build {

/// What parts words of a Dockerfile; ends of lines are not among them.
constexpr std::string_view blanks = " \t\v\f";

/// Both from 1.
struct Position {
  int line = 1;
  int column = 1;
  bool operator==(const Position&) const = default;
};

struct Problem {
  Position at;
  std::string text;
  std::string hint;
  std::string rule = {};  ///< of a warning: its name in lint.h
};

/// <<EOF and what follows until a line that is EOF.
struct Heredoc {
  std::string name;
  bool expands = true;  ///< its name was not quoted
  std::string content;
};

struct LogicalLine {
  std::string text;  ///< joined; begins with the instruction
  std::vector<Heredoc> heredocs;

  Position at(std::size_t offset) const;

  /// Where pieces of `text` come from, ascending.
  struct Piece {
    std::size_t offset;
    Position at;
  };
  std::vector<Piece> pieces;
};

struct SourceLines {
  char escape = '\\';
  std::string syntax;  ///< of `# syntax=`
  std::string check;   ///< of `# check=`
  std::vector<LogicalLine> lines;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;
};

/// Never throws for what `text` holds: all that is wrong with it is in `problems`.
SourceLines split_source(std::string_view text);

/// The here-documents that a word like `3<<-"EOF"` opens; nothing for another word.
struct HeredocStart {
  std::string name;
  bool expands = true;
  bool strips_tabs = false;
};
std::optional<HeredocStart> heredoc_start(std::string_view word);

/// Whether a here-document's name can be that of a file: one component, and no directory's.
bool is_file_name(std::string_view name);

}  // namespace stack::build
