// SPDX-License-Identifier: Apache-2.0
// A Dockerfile taken apart: instructions with their flags, words and here-documents, each with its
// place. Variables are untouched (expand.h), stages not yet formed (stages.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "build/source_lines.h"

namespace stack::build {

/// "--chown=1:2"; of "--link" alone the value is empty and `has_value` false.
struct InstructionFlag {
  std::string name;
  std::string value;
  bool has_value = false;
  Position at;
};

struct Instruction {
  std::string name;  ///< upper case: "RUN"
  Position at;
  std::vector<InstructionFlag> flags;
  std::string text;  ///< what follows the flags
  /// Of an exec form its strings, else the words of `text` with their quotes and variables. ENV and
  /// LABEL: names and values by turns; ARG: name and, when it has one, "=" and its value as one
  /// word.
  std::vector<std::string> words;
  bool exec = false;  ///< `text` is a JSON array of strings
  std::vector<Heredoc> heredocs;
  std::string source;  ///< the whole line, joined
  /// ONBUILD: what is to be run, taken apart as well; never more than one.
  std::vector<Instruction> trigger;

  /// Null when it was not given.
  const InstructionFlag* flag(std::string_view wanted) const;
  std::vector<std::string> flag_values(std::string_view wanted) const;
};

struct Dockerfile {
  std::string name;  ///< for messages: "Dockerfile"
  char escape = '\\';
  std::string syntax;
  std::vector<Instruction> instructions;
  std::vector<Problem> warnings;
};

/// Throws Error (exit code invalid_file) with all that is wrong, a line each:
/// "Dockerfile:3:1: unknown instruction "RUNN"; did you mean RUN?".
Dockerfile parse_dockerfile(const std::string& name, std::string_view text);

/// One instruction that came from elsewhere: a trigger of a base image. Throws Error.
Instruction parse_instruction(const std::string& from, const std::string& line);

/// "NAME:3:1: TEXT" with its hint, for messages.
std::string problem_text(const std::string& name, const Problem& problem);
/// An Error of one problem with an instruction.
[[noreturn]] void throw_at(const std::string& name, Position at, const std::string& text,
                           const std::string& hint = "");

}  // namespace stack::build
