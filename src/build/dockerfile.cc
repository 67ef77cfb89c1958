// SPDX-License-Identifier: Apache-2.0
#include "build/dockerfile.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "build/instruction_rules.h"
#include "build/lint.h"

namespace stack::build {
namespace {

std::size_t skip_blanks(std::string_view text, std::size_t from) {
  return std::min(text.find_first_not_of(blanks, from), text.size());
}

/// Where a word that begins at `from` ends; quotes and escapes keep blanks in it.
std::size_t end_of_quoted_word(std::string_view text, std::size_t from, char escape) {
  char quote = '\0';
  std::size_t i = from;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && blanks.find(c) != std::string_view::npos) break;
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      ++i;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    }
  }
  return i;
}

/// A flag's value: BuildKit takes quotes and backslashes away before it looks at what is in it.
std::string without_quotes(std::string_view word) {
  std::string value;
  char quote = '\0';
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\' && i + 1 < word.size()) {
      value += word[++i];
    } else if (quote == '\0' && (word[i] == '"' || word[i] == '\'')) {
      quote = word[i];
    } else if (word[i] == quote) {
      quote = '\0';
    } else {
      value += word[i];
    }
  }
  return value;
}

std::vector<std::string> quoted_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  for (std::size_t i = skip_blanks(text, 0); i < text.size(); i = skip_blanks(text, i)) {
    const std::size_t end = end_of_quoted_word(text, i, escape);
    words.emplace_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = skip_blanks(text, 0); i < text.size(); i = skip_blanks(text, i)) {
    const std::size_t end = std::min(text.find_first_of(blanks, i), text.size());
    words.emplace_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

/// Nothing when `text` is no JSON array. Throws Error when something in it is no string.
std::optional<std::vector<std::string>> exec_form(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& item : json) {
    if (!item.is_string()) fail("{} is no string, and others have no place here", item.dump());
    words.push_back(item.get<std::string>());
  }
  return words;
}

class Parser {
 public:
  Parser(char escape, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : escape_(escape), problems_(problems), warnings_(warnings) {}

  /// Nothing when it makes no sense; a problem says so.
  std::optional<Instruction> parse(const LogicalLine& line, std::size_t from = 0) {
    Instruction made;
    made.at = line.at(from);
    const std::string_view whole = std::string_view(line.text);
    const std::size_t name_end = std::min(whole.find_first_of(blanks, from), whole.size());
    made.name = upper(whole.substr(from, name_end - from));
    made.source = whole.substr(from);
    made.heredocs = line.heredocs;
    const InstructionRule* rule = find_rule(made.name);
    if (rule == nullptr) {
      unknown_instruction(made.at, whole.substr(from, name_end - from));
      return std::nullopt;
    }
    const std::size_t begin = read_flags(line, name_end, *rule, made);
    made.text = trim(whole.substr(begin));
    const std::size_t before = problems_.size();
    read_words(line, begin, *rule, made);
    if (problems_.size() > before) return std::nullopt;
    return made;
  }

 private:
  static std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
  }

  void complain(Position at, std::string text, std::string hint = "") {
    problems_.push_back({at, std::move(text), std::move(hint)});
  }

  void unknown_instruction(Position at, std::string_view word) {
    const auto near = nearest(upper(word), instruction_names());
    complain(at, fmt::format("unknown instruction {}", stack::quoted(word)),
             near ? fmt::format("did you mean {}?", *near) : "");
  }

  /// Where the rest begins.
  std::size_t read_flags(const LogicalLine& line, std::size_t from, const InstructionRule& rule,
                         Instruction& made) {
    const std::string_view text = line.text;
    std::size_t i = skip_blanks(text, from);
    while (text.substr(i).starts_with("--")) {
      const std::size_t end = end_of_quoted_word(text, i, escape_);
      std::string_view word = text.substr(i, end - i);
      if (word == "--") return skip_blanks(text, end);
      add_flag(word, line.at(i), rule, made);
      i = skip_blanks(text, end);
    }
    return i;
  }

  void add_flag(std::string_view word, Position at, const InstructionRule& rule,
                Instruction& made) {
    const std::size_t equals = std::min(word.find('='), word.size());
    InstructionFlag flag;
    flag.name = word.substr(2, equals - 2);
    flag.has_value = equals < word.size();
    if (flag.has_value) flag.value = without_quotes(word.substr(equals + 1));
    flag.at = at;
    const FlagRule* known = find_flag(rule, flag.name);
    if (known == nullptr) return unknown_flag(rule, flag);
    if (!flag.has_value && known->kind != FlagKind::truth)
      return complain(at, fmt::format("missing a value on flag: --{}", flag.name));
    if (known->kind != FlagKind::list && made.flag(flag.name) != nullptr)
      return complain(at, fmt::format("flag --{} is given twice", flag.name));
    if (known->kind == FlagKind::truth && flag.has_value && flag.value != "true" &&
        flag.value != "false")
      return complain(
          at, fmt::format("--{} is true or false, not {}", flag.name, stack::quoted(flag.value)));
    made.flags.push_back(std::move(flag));
  }

  void unknown_flag(const InstructionRule& rule, const InstructionFlag& flag) {
    std::vector<std::string> names;
    for (const FlagRule& each : rule.flags) names.emplace_back(each.name);
    const auto near = nearest(flag.name, names);
    complain(flag.at, fmt::format("unknown flag: --{}", printable(flag.name)),
             near ? fmt::format("did you mean --{}?", *near) : "");
  }

  void read_words(const LogicalLine& line, std::size_t begin, const InstructionRule& rule,
                  Instruction& made) {
    if (made.text.empty())
      return complain(made.at, fmt::format("{} requires {}", made.name, rule.wants));
    const std::size_t before = problems_.size();
    switch (rule.shape) {
      case Shape::exec_or_text:
      case Shape::exec_or_words:
      case Shape::exec_only:
        read_exec(rule, made);
        break;
      case Shape::words:
        made.words = plain_words(made.text);
        break;
      case Shape::text:
        break;
      case Shape::pairs:
        read_pairs(made);
        break;
      case Shape::arguments:
        read_arguments(made);
        break;
      case Shape::from:
        read_from(made);
        break;
      case Shape::health:
        read_health(made);
        break;
      case Shape::trigger:
        read_trigger(line, begin, made);
        break;
    }
    if (rule.least_words > made.words.size() && problems_.size() == before)
      complain(made.at, fmt::format("{} requires {}", made.name, rule.wants));
  }

  void read_exec(const InstructionRule& rule, Instruction& made) {
    std::optional<std::vector<std::string>> words;
    try {
      words = exec_form(made.text);
    } catch (const Error& error) {
      return complain(made.at, error.what(), "write numbers and the like in double quotes");
    }
    if (words) {
      made.exec = true;
      made.words = std::move(*words);
      if (made.words.empty() && rule.least_words > 0)
        complain(made.at, fmt::format("{} requires {}", made.name, rule.wants));
      return;
    }
    if (rule.shape == Shape::exec_only)
      return complain(made.at,
                      fmt::format("{} requires the arguments to be in JSON form", made.name),
                      R"(as in SHELL ["/bin/bash", "-c"])");
    if (made.text.starts_with("[") && made.text.ends_with("]") && rule.shape == Shape::exec_or_text)
      warnings_.push_back(
          {made.at, fmt::format("{} looks like JSON and is none: it is run by a shell", made.name),
           "JSON strings have double quotes"});
    if (rule.shape == Shape::exec_or_words) made.words = plain_words(made.text);
  }

  /// ENV and LABEL: KEY=VALUE..., or KEY VALUE.
  void read_pairs(Instruction& made) {
    const auto words = quoted_words(made.text, escape_);
    if (words.empty()) return;
    if (words.front().find('=') == std::string::npos) {
      const std::size_t end = std::min(made.text.find_first_of(blanks), made.text.size());
      if (end == made.text.size())
        return complain(made.at, fmt::format("{} must have two arguments", made.name),
                        fmt::format("{} NAME=VALUE", made.name));
      made.words = {made.text.substr(0, end), std::string(trim(made.text.substr(end)))};
      warnings_.push_back({made.at, fmt::format("{} NAME VALUE is the old form", made.name),
                           fmt::format("write {} NAME=VALUE", made.name), "LegacyKeyValueFormat"});
      return;
    }
    for (const std::string& word : words) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos)
        return complain(made.at, fmt::format("can't find = in {}; must be of the form: name=value",
                                             stack::quoted(word)));
      if (equals == 0)
        return complain(made.at, fmt::format("{} names can not be blank", made.name));
      made.words.push_back(word.substr(0, equals));
      made.words.push_back(word.substr(equals + 1));
    }
  }

  void read_arguments(Instruction& made) {
    for (const std::string& word : quoted_words(made.text, escape_)) {
      const std::size_t equals = std::min(word.find('='), word.size());
      if (equals == 0) return complain(made.at, "ARG names can not be blank");
      made.words.push_back(word.substr(0, equals));
      made.words.push_back(word.substr(equals));
    }
  }

  void read_from(Instruction& made) {
    made.words = plain_words(made.text);
    if (made.words.size() == 1) return;
    if (made.words.size() != 3 || to_lower(made.words[1]) != "as")
      return complain(made.at, "FROM requires either one or three arguments",
                      "FROM IMAGE, or FROM IMAGE AS NAME");
    if (!is_stage_name(to_lower(made.words[2])))
      complain(made.at,
               fmt::format("invalid name for build stage: {}", stack::quoted(made.words[2])),
               "a name begins with a letter; letters, digits, \"-\", \"_\" and \".\" follow");
  }

  void read_health(Instruction& made) {
    const std::size_t end = std::min(made.text.find_first_of(blanks), made.text.size());
    const std::string kind = upper(std::string_view(made.text).substr(0, end));
    const std::string rest(trim(std::string_view(made.text).substr(end)));
    if (kind == "NONE") {
      if (!rest.empty()) complain(made.at, "HEALTHCHECK NONE takes no arguments");
      made.words = {"NONE"};
      return;
    }
    if (kind != "CMD")
      return complain(made.at, fmt::format("unknown type {} in HEALTHCHECK", stack::quoted(kind)),
                      "CMD or NONE");
    if (rest.empty()) return complain(made.at, "missing command after HEALTHCHECK CMD");
    const auto words = exec_form(rest);
    made.exec = words.has_value();
    made.words = words ? *words : std::vector<std::string>{rest};
    made.words.insert(made.words.begin(), words ? "CMD" : "CMD-SHELL");
  }

  void read_trigger(const LogicalLine& line, std::size_t begin, Instruction& made) {
    const std::size_t end = std::min(line.text.find_first_of(blanks, begin), line.text.size());
    const std::string name = upper(std::string_view(line.text).substr(begin, end - begin));
    if (name == "ONBUILD")
      return complain(made.at, "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (name == "FROM" || name == "MAINTAINER")
      return complain(made.at, fmt::format("{} isn't allowed as an ONBUILD trigger", name));
    if (auto trigger = parse(line, begin)) made.trigger.push_back(std::move(*trigger));
  }

  char escape_;
  std::vector<Problem>& problems_;
  std::vector<Problem>& warnings_;
};

void check_order(const Dockerfile& file, std::vector<Problem>& problems) {
  bool has_stage = false;
  for (const Instruction& each : file.instructions) {
    has_stage = has_stage || each.name == "FROM";
    if (has_stage || each.name == "ARG") continue;
    problems.push_back({each.at,
                        fmt::format("no build stage in current context: {} before FROM", each.name),
                        "a Dockerfile begins with FROM; only ARG may stand before it"});
    return;
  }
  if (!has_stage && problems.empty())
    problems.push_back({{1, 1}, "the Dockerfile has no FROM", "it begins with FROM IMAGE"});
}

[[noreturn]] void throw_problems(const std::string& name, std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(problem_text(name, problem));
  throw Error(join(lines, "\n")).with_exit_code(ExitCode::invalid_file);
}

}  // namespace

const InstructionFlag* Instruction::flag(std::string_view wanted) const {
  const auto found = std::find_if(flags.begin(), flags.end(),
                                  [&](const InstructionFlag& each) { return each.name == wanted; });
  return found == flags.end() ? nullptr : &*found;
}

std::vector<std::string> Instruction::flag_values(std::string_view wanted) const {
  std::vector<std::string> values;
  for (const InstructionFlag& each : flags)
    if (each.name == wanted) values.push_back(each.value);
  return values;
}

namespace {

/// What is found, but for what `# check=` leaves out. Throws Error when it makes errors of them.
void add_findings(Dockerfile& file, const LintOptions& options) {
  for (Problem& finding : lint(file)) file.warnings.push_back(std::move(finding));
  std::ranges::stable_sort(file.warnings, {}, [](const Problem& each) { return each.at.line; });
  std::erase_if(file.warnings, [&](const Problem& each) {
    return options.skips_all || options.skipped.contains(each.rule);
  });
  if (options.is_error && !file.warnings.empty()) throw_problems(file.name, file.warnings);
}

/// Nothing, and a problem, for what cannot be read.
LintOptions lint_options_of(const std::string& text, std::vector<Problem>& problems) {
  try {
    return parse_lint_options(text);
  } catch (const Error& error) {
    problems.push_back({{1, 1}, error.what(), "skip=RULE,RULE or skip=all, and error=true"});
    return {};
  }
}

}  // namespace

Dockerfile parse_dockerfile(const std::string& name, std::string_view text) {
  SourceLines source = split_source(text);
  Dockerfile file{name, source.escape, source.syntax, {}, std::move(source.warnings)};
  std::vector<Problem> problems = std::move(source.problems);
  Parser parser(file.escape, problems, file.warnings);
  for (const LogicalLine& line : source.lines) {
    if (auto instruction = parser.parse(line)) file.instructions.push_back(std::move(*instruction));
  }
  check_order(file, problems);
  const LintOptions options = lint_options_of(source.check, problems);
  if (!problems.empty()) throw_problems(name, problems);
  add_findings(file, options);
  return file;
}

Instruction parse_instruction(const std::string& from, const std::string& line) {
  std::vector<Problem> problems, warnings;
  SourceLines source = split_source(line);
  problems = std::move(source.problems);
  std::optional<Instruction> made;
  if (source.lines.size() == 1) made = Parser('\\', problems, warnings).parse(source.lines.front());
  if (!problems.empty()) throw_problems(from, problems);
  if (!made) fail("{}: {} is no instruction", from, stack::quoted(line));
  return std::move(*made);
}

std::string problem_text(const std::string& name, const Problem& problem) {
  const std::string hint = problem.hint.empty() ? "" : fmt::format("; {}", problem.hint);
  const std::string rule = problem.rule.empty() ? "" : fmt::format(" [{}]", problem.rule);
  return fmt::format("{}:{}:{}: {}{}{}", name, problem.at.line, problem.at.column, problem.text,
                     hint, rule);
}

void throw_at(const std::string& name, Position at, const std::string& text,
              const std::string& hint) {
  throw Error(problem_text(name, {at, text, hint})).with_exit_code(ExitCode::invalid_file);
}

}  // namespace stack::build
