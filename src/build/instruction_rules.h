// SPDX-License-Identifier: Apache-2.0
// The instructions of a Dockerfile as a table: their flags, the shape of what follows, and what to
// say when it is missing.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace stack::build {

enum class FlagKind {
  once,   ///< --name=VALUE
  list,   ///< the same, as often as one likes
  truth,  ///< --name, --name=true, --name=false
};
struct FlagRule {
  std::string_view name;
  FlagKind kind;
};

enum class Shape {
  exec_or_text,   ///< a JSON array, or a command line for the shell
  exec_or_words,  ///< a JSON array, or words
  exec_only,
  words,
  text,
  pairs,      ///< NAME=VALUE..., or NAME VALUE
  arguments,  ///< NAME or NAME=VALUE...
  from,
  health,
  trigger,
};

struct InstructionRule {
  std::string_view name;
  Shape shape;
  std::size_t least_words;
  std::string_view wants;  ///< "at least one argument"
  std::span<const FlagRule> flags;
};

/// Null when there is no such instruction; `name` in upper case.
const InstructionRule* find_rule(std::string_view name);
const FlagRule* find_flag(const InstructionRule& rule, std::string_view name);
std::span<const std::string> instruction_names();

/// `name` in lower case.
bool is_stage_name(std::string_view name);

}  // namespace stack::build
