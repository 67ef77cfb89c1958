// SPDX-License-Identifier: Apache-2.0
#include "build/instruction_rules.h"

#include <algorithm>
#include <array>
#include <vector>

namespace stack::build {
namespace {

constexpr FlagRule from_flags[] = {{"platform", FlagKind::once}};
constexpr FlagRule run_flags[] = {
    {"mount", FlagKind::list}, {"network", FlagKind::once}, {"security", FlagKind::once}};
constexpr FlagRule copy_flags[] = {{"from", FlagKind::once},     {"chown", FlagKind::once},
                                   {"chmod", FlagKind::once},    {"link", FlagKind::truth},
                                   {"parents", FlagKind::truth}, {"exclude", FlagKind::list}};
constexpr FlagRule add_flags[] = {{"chown", FlagKind::once},    {"chmod", FlagKind::once},
                                  {"link", FlagKind::truth},    {"keep-git-dir", FlagKind::truth},
                                  {"checksum", FlagKind::once}, {"exclude", FlagKind::list},
                                  {"unpack", FlagKind::truth}};
constexpr FlagRule health_flags[] = {{"interval", FlagKind::once},
                                     {"timeout", FlagKind::once},
                                     {"start-period", FlagKind::once},
                                     {"start-interval", FlagKind::once},
                                     {"retries", FlagKind::once}};

constexpr std::string_view one_or_more = "at least one argument";
constexpr std::string_view exactly_one = "exactly one argument";
constexpr std::string_view two_or_more = "at least two arguments: SOURCE... DESTINATION";

constexpr std::array<InstructionRule, 18> rules = {{
    {"ADD", Shape::exec_or_words, 2, two_or_more, add_flags},
    {"ARG", Shape::arguments, 1, one_or_more, {}},
    {"CMD", Shape::exec_or_text, 0, one_or_more, {}},
    {"COPY", Shape::exec_or_words, 2, two_or_more, copy_flags},
    {"ENTRYPOINT", Shape::exec_or_text, 0, one_or_more, {}},
    {"ENV", Shape::pairs, 2, one_or_more, {}},
    {"EXPOSE", Shape::words, 1, one_or_more, {}},
    {"FROM", Shape::from, 1, "an image", from_flags},
    {"HEALTHCHECK", Shape::health, 1, "CMD COMMAND or NONE", health_flags},
    {"LABEL", Shape::pairs, 2, one_or_more, {}},
    {"MAINTAINER", Shape::text, 0, exactly_one, {}},
    {"ONBUILD", Shape::trigger, 0, "an instruction", {}},
    {"RUN", Shape::exec_or_text, 0, one_or_more, run_flags},
    {"SHELL", Shape::exec_only, 1, one_or_more, {}},
    {"STOPSIGNAL", Shape::text, 0, exactly_one, {}},
    {"USER", Shape::text, 0, exactly_one, {}},
    {"VOLUME", Shape::exec_or_words, 1, one_or_more, {}},
    {"WORKDIR", Shape::text, 0, exactly_one, {}},
}};

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

}  // namespace

const InstructionRule* find_rule(std::string_view name) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const InstructionRule& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

const FlagRule* find_flag(const InstructionRule& rule, std::string_view name) {
  const auto found = std::find_if(rule.flags.begin(), rule.flags.end(),
                                  [&](const FlagRule& flag) { return flag.name == name; });
  return found == rule.flags.end() ? nullptr : &*found;
}

std::span<const std::string> instruction_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const InstructionRule& rule : rules) list.emplace_back(rule.name);
    return list;
  }();
  return names;
}

bool is_stage_name(std::string_view name) {
  if (name.empty() || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace stack::build
