// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "base/error.h"
#include "base/text.h"

namespace stack::cli {
namespace {

/// What a user of the full `stack` is told when a verb is missing.
constexpr const char* description =
    "Compose files, run by one program: no daemon to install.\n"
    "Run `stack COMMAND --help` for the flags of a command.";

constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 invalid file; 4 not ready; 125, 126, 127 as\n"
    "`docker run`; `exec` passes the program's own on; 130 after Ctrl-C.";

void add_flag(CLI::App& app, const Flag& flag, Options& options) {
  std::visit(
      [&](auto member) {
        using Member = std::remove_reference_t<decltype(options.*member)>;
        if constexpr (std::is_same_v<Member, bool>) {
          auto* option =
              app.add_flag(std::string(flag.names), options.*member, std::string(flag.help));
          if (flag.help == hidden) option->group("");
        } else {
          auto* option =
              app.add_option(std::string(flag.names), options.*member, std::string(flag.help));
          option->type_name(std::string(flag.value_name));
          // One value each time the flag is given: `-f a -f b`, never `-f a b`.
          if constexpr (!std::is_same_v<Member, std::string>)
            option->type_size(1)->expected(1)->allow_extra_args(false)->take_all();
        }
      },
      flag.value);
}

void add_positionals(CLI::App& app, const Command& command, Options& options) {
  if (command.positional == Positional::none) return;
  auto* option = app.add_option(split(command.positional_name, ' ').front(), options.arguments, "");
  switch (command.positional) {
    case Positional::one:
      option->required()->expected(1);
      break;
    case Positional::at_least_one:
      option->required();
      break;
    case Positional::service_and_command:
    case Positional::object_and_words:
      option->expected(0, 1 << 20);  // split_off_command() has taken them
      break;
    default:
      break;
  }
}

/// `container run -h NAME` is docker's --hostname.
bool has_own_h(const Command& command) {
  return std::ranges::any_of(command.flags,
                             [](const Flag& flag) { return flag.names.starts_with("-h,"); });
}

using Groups = std::map<std::string, CLI::App*>;

CLI::App* add_command(CLI::App& app, Groups& groups, const Command& command, Options& options) {
  CLI::App* parent = &app;
  std::string name(command.name);
  if (const std::size_t space = name.find(' '); space != std::string::npos) {
    const std::string group = name.substr(0, space);
    name = name.substr(space + 1);
    parent = groups[group];
    if (parent == nullptr) {
      parent = groups[group] = app.add_subcommand(group, "Manage " + group + "s");
      parent->require_subcommand(1)->fallthrough();
    }
  }
  CLI::App* sub = parent->add_subcommand(name, std::string(command.help));
  sub->fallthrough();
  if (command.help == hidden) sub->group("");
  if (has_own_h(command)) sub->set_help_flag("--help", "Print this help message and exit");
  for (const auto& flag : command.flags) add_flag(*sub, flag, options);
  add_positionals(*sub, command, options);
  sub->footer(fmt::format("Example: {}", command.example));
  return sub;
}

bool takes_value(const Flag& flag) {
  return !std::holds_alternative<bool Options::*>(flag.value);
}

const Flag* find_flag(const std::vector<Flag>& flags, const std::string& argument) {
  for (const auto& flag : flags) {
    for (const auto& name : split(flag.names, ',')) {
      if (argument == name) return &flag;
    }
  }
  return nullptr;
}

/// "-Tu" are two flags, of which only the last can have its value in the next word.
std::string last_name(const std::string& word, const std::vector<Flag>& own) {
  if (word.size() < 3 || word[1] == '-') return word;
  for (std::size_t at = 1; at + 1 < word.size(); ++at) {
    const Flag* flag = find_flag(own, {'-', word[at]});
    if (flag == nullptr || takes_value(*flag)) return word;
  }
  return {'-', word.back()};
}

using Words = std::vector<std::string>;

/// The first word from `at` on that is neither a flag of one of the two lists nor its value.
Words::const_iterator skip_flags(Words::const_iterator at, const Words& words,
                                 const std::vector<Flag>& own) {
  for (; at != words.end() && at->starts_with('-') && *at != "--"; ++at) {
    const std::string name = last_name(*at, own);
    const Flag* flag = find_flag(own, name);
    if (flag == nullptr) flag = find_flag(global_flags(), name);
    if (flag != nullptr && takes_value(*flag) && at + 1 != words.end()) ++at;
  }
  return at;
}

/// `exec -T web ls -l`: what CLI11 may look at, and the service with its command, where every word
/// belongs to the program.
struct Split {
  Words flags;
  Words command;
};

bool takes_words(const Command& command) {
  return command.positional == Positional::service_and_command ||
         command.positional == Positional::object_and_words;
}

Split split_off_command(const Words& arguments, Words::const_iterator verb) {
  if (verb == arguments.end()) return {arguments, {}};
  // "exec", or "container exec".
  auto last = verb;
  auto command = std::ranges::find(commands(), *verb, &Command::name);
  if (command == commands().end()) {
    last = skip_flags(verb + 1, arguments, {});
    if (last == arguments.end()) return {arguments, {}};
    command = std::ranges::find(commands(), fmt::format("{} {}", *verb, *last), &Command::name);
  }
  if (command == commands().end() || !takes_words(*command)) return {arguments, {}};
  auto at = skip_flags(last + 1, arguments, command->flags);
  Split parts{{arguments.begin(), at}, {}};
  // Alone it asks for help there, too.
  if (has_own_h(*command) && parts.flags.back() == "-h") parts.flags.back() = "--help";
  if (at != arguments.end() && *at == "--") ++at;
  parts.command.assign(at, arguments.end());
  return parts;
}

/// "image" of "image ls".
std::string_view verb_of(const Command& command) {
  return command.name.substr(0, command.name.find(' '));
}

std::vector<std::string> verbs() {
  std::vector<std::string> names;
  for (const auto& command : commands())
    if (command.help != hidden) names.emplace_back(verb_of(command));
  return names;
}

/// The commands that `arguments` may be about: those of its verb, all when that is none or the help
/// is about all. Making a parser of the others would be a third of an `up` that changes nothing.
std::vector<const Command*> concerned(const Words& arguments, Words::const_iterator verb) {
  const bool asks_about_all = std::any_of(arguments.begin(), verb, [](const std::string& word) {
    return word == "-h" || word == "--help";
  });
  std::vector<const Command*> all, called;
  for (const Command& command : commands()) {
    all.push_back(&command);
    if (verb != arguments.end() && verb_of(command) == *verb) called.push_back(&command);
  }
  return called.empty() || asks_about_all ? all : called;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// "unknown flag: --x (did you mean --y?)" for what nobody took; empty when everything was taken.
std::string unknown_word(const CLI::App& app, const CLI::App* command) {
  const auto remaining = app.remaining(true);
  if (remaining.empty()) return "";
  const std::string& word = remaining.front();
  const bool flag = word.starts_with('-');
  std::vector<std::string> candidates = flag ? flags_of(app) : verbs();
  if (flag && command != nullptr) {
    for (auto& name : flags_of(*command)) candidates.push_back(std::move(name));
  }
  std::string text = fmt::format("unknown {}: {}",
                                 flag                 ? "flag"
                                 : command == nullptr ? "command"
                                                      : "argument",
                                 word);
  if (const auto near = nearest(word, candidates))
    text += fmt::format(" (did you mean {}?)", *near);
  return text;
}

Parsed wrong_usage(const std::string& message) {
  std::cerr << "stack: " << message << "\nRun `stack --help` for the commands.\n";
  return {nullptr, {}, static_cast<int>(ExitCode::usage)};
}

}  // namespace

Parsed parse(const std::vector<std::string>& arguments) {
  Parsed parsed;
  CLI::App app{description, "stack"};
  app.footer(exit_codes);
  app.allow_extras();
  app.require_subcommand(0, 1);  // after the verb, "exec" or "logs" may be the name of a service
  bool version = false;
  app.add_flag("-v,--version", version, "Print the version");
  for (const auto& flag : global_flags()) add_flag(app, flag, parsed.options);
  const auto verb = skip_flags(arguments.begin(), arguments, {});
  Groups groups;
  std::vector<std::pair<CLI::App*, const Command*>> subcommands;
  for (const Command* command : concerned(arguments, verb))
    subcommands.emplace_back(add_command(app, groups, *command, parsed.options), command);
  Split parts = split_off_command(arguments, verb);
  std::ranges::reverse(parts.flags);  // CLI11 takes them from the back
  try {
    app.parse(std::move(parts.flags));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* innermost = &app;
    while (!innermost->get_subcommands().empty()) innermost = innermost->get_subcommands().front();
    std::cout << innermost->help();
    return parsed;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  const CLI::App* chosen = nullptr;
  for (const auto& [sub, command] : subcommands) {
    if (!sub->parsed()) continue;
    parsed.command = command;
    chosen = sub;
  }
  if (const std::string unknown = unknown_word(app, chosen); !unknown.empty())
    return wrong_usage(unknown);
  if (version) {
    run_version(parsed.options);
    return {};
  }
  if (parsed.command != nullptr && takes_words(*parsed.command)) {
    const bool needs_command = parsed.command->positional == Positional::service_and_command;
    if (parts.command.size() < (needs_command ? 2U : 1U))
      return wrong_usage(fmt::format("{} needs {}{}", parsed.command->name,
                                     parsed.command->positional_name,
                                     needs_command ? " COMMAND" : ""));
    parsed.options.arguments = std::move(parts.command);
  }
  if (parsed.command == nullptr) {
    std::cout << app.help();
    parsed.exit_code = static_cast<int>(ExitCode::usage);
  }
  return parsed;
}

}  // namespace stack::cli
