// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <span>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/docker_words.h"
#include "cli/help.h"

namespace stack::cli {
namespace {

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
          // One value each time the flag is given: `-f a -f b`, never `-f a b`. Of what there can
          // be one of, the last counts.
          if constexpr (std::is_same_v<Member, std::string>)
            option->take_last();
          else
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
      parent = groups[group] = app.add_subcommand(group);
      parent->require_subcommand(0, 1)->allow_extras()->fallthrough();
    }
  }
  CLI::App* sub = parent->add_subcommand(name, std::string(command.help));
  sub->fallthrough();
  if (has_own_h(command)) sub->set_help_flag("--help", "Print this help message and exit");
  for (const auto& flag : command.flags) add_flag(*sub, flag, options);
  add_positionals(*sub, command, options);
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

/// One of the command's own, or of all commands.
const Flag* known_flag(const std::string& name, const std::vector<Flag>& own) {
  const Flag* const flag = find_flag(own, name);
  return flag != nullptr ? flag : find_flag(global_flags(), name);
}

/// "--env" of "-e,--env"; empty when it has no such name.
std::string long_name(const Flag& flag) {
  for (const auto& name : split(flag.names, ','))
    if (name.starts_with("--")) return name;
  return "";
}

/// "-it=false" in words that CLI11 knows: "-i", "--tty=false".
Words spelled_out(const std::string& word, const std::vector<Flag>& own) {
  Words words;
  for (std::size_t at = 1; at < word.size(); ++at) {
    const Flag* const flag = known_flag({'-', word[at]}, own);
    if (flag == nullptr) break;
    if (at + 2 < word.size() && word[at + 1] == '=' && !long_name(*flag).empty()) {
      words.push_back(long_name(*flag) + word.substr(at + 1));
      return words;
    }
    if (takes_value(*flag)) break;
    words.push_back({'-', word[at]});
  }
  return {word};
}

/// The same for all of `words` that are flags, of which `own` are known from `begin` on.
Words with_values_spelled_out(const Words& words, std::size_t begin, const std::vector<Flag>& own) {
  static const std::vector<Flag> none;
  Words spelled;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--") {
      spelled.insert(spelled.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
      break;
    }
    const auto& known = at < begin ? none : own;
    const bool is_short = word.size() > 1 && word[0] == '-' && word[1] != '-';
    for (std::string& each : is_short ? spelled_out(word, known) : Words{word})
      spelled.push_back(std::move(each));
    const Flag* const flag = known_flag(last_name(word, known), known);
    if (flag != nullptr && takes_value(*flag) && at + 1 < words.size())
      spelled.push_back(words[++at]);
  }
  return spelled;
}

/// `exec -T web ls -l`: what CLI11 may look at, and the service with its command, where every word
/// belongs to the program.
struct Split {
  Words flags;
  Words command;
};

Split split_off_command(const Words& arguments, Words::const_iterator verb) {
  if (verb == arguments.end()) return {with_values_spelled_out(arguments, 0, {}), {}};
  // "exec", or "container exec".
  auto last = verb;
  const Command* command = find_command(*verb);
  if (command == nullptr) {
    last = skip_flags(verb + 1, arguments, {});
    if (last == arguments.end()) return {arguments, {}};
    command = find_command(fmt::format("{} {}", *verb, *last));
  }
  if (command == nullptr) return {arguments, {}};
  const auto begin = static_cast<std::size_t>(last - arguments.begin()) + 1;
  if (!takes_words(*command))
    return {with_values_spelled_out(arguments, begin, command->flags), {}};
  auto at = skip_flags(last + 1, arguments, command->flags);
  Split parts{with_values_spelled_out({arguments.begin(), at}, begin, command->flags), {}};
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
std::span<const Command> concerned(const Words& arguments, Words::const_iterator verb) {
  const bool asks_about_all = std::any_of(arguments.begin(), verb, [](const std::string& word) {
    return word == "-h" || word == "--help";
  });
  std::span<const Command> called;
  if (verb != arguments.end() && !asks_about_all) called = commands_of(*verb);
  return called.empty() ? std::span<const Command>(commands()) : called;
}

const Flag* find_flag(std::span<const Command> among, const std::string& name) {
  if (const Flag* const global = find_flag(global_flags(), name)) return global;
  for (const Command& command : among)
    if (const Flag* const own = find_flag(command.flags, name)) return own;
  return nullptr;
}

/// "--profile=" as two words, of which the second is empty: CLI11 would take the next one.
Words with_empty_values(Words words, std::span<const Command> among) {
  for (std::size_t at = 0; at < words.size() && words[at] != "--"; ++at) {
    std::string& word = words[at];
    const Flag* const alone = find_flag(among, word);
    if (alone != nullptr && takes_value(*alone)) {
      ++at;
    } else if (word.starts_with("--") && word.ends_with('=')) {
      const std::string name = word.substr(0, word.size() - 1);
      const Flag* const flag = find_flag(among, name);
      if (flag == nullptr || !takes_value(*flag)) continue;
      word = name;
      words.emplace(words.begin() + static_cast<std::ptrdiff_t>(++at));
    }
  }
  return words;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Parsed wrong_usage(const std::string& message, const Command* command,
                   std::string_view instead = {}) {
  std::cerr << "stack: " << message << '\n';
  if (!instead.empty()) {
    std::cerr << "  hint: " << instead << '\n';
  } else if (command == nullptr) {
    std::cerr << "Run `stack --help` for the commands.\n";
  } else {
    std::cerr << fmt::format("Run `stack {} --help` for its options.\n", command->name);
  }
  return {nullptr, {}, static_cast<int>(ExitCode::usage)};
}

bool knows_flag(const Command& command, const std::string& word) {
  const bool is_short = word.size() > 1 && word[1] != '-';
  const std::string name = is_short ? word.substr(0, 2) : word.substr(0, word.find('='));
  return find_flag(command.flags, name) != nullptr;
}

/// docker's command of the same name, where it takes what ours does not: a flag, or an object.
std::string instead_of_word(const Command& command, const std::string& word) {
  const Command* const other = find_command(counterpart_of(command.name));
  if (other == nullptr || !group_of(command).empty()) return "";
  if (word.starts_with('-'))
    return knows_flag(*other, word)
               ? fmt::format("`stack {}` knows {}", other->name, printable(word))
               : "";
  return other->positional == Positional::none ? ""
                                               : fmt::format("`stack {}` takes one", other->name);
}

/// `ps -f name=web`: docker's -f is a filter there.
std::string instead_of_file(const Command& command, const Options& options) {
  if (group_of(command).empty())
    for (const std::string& file : options.files)
      if (const Command* const other = find_command(counterpart_of(command.name));
          other != nullptr && knows_flag(*other, "--filter") &&
          file.find('=') != std::string::npos && !stack::exists(file))
        return fmt::format("`stack {} -f {}`", other->name, printable(file));
  return "";
}

using Subcommands = std::vector<std::pair<CLI::App*, const Command*>>;

const Command* command_of(const Subcommands& subcommands) {
  for (const auto& [sub, command] : subcommands)
    if (sub->parsed()) return command;
  return nullptr;
}

std::string help_of(const Command* command, const Groups& groups) {
  const std::size_t width = help_width();
  if (command != nullptr) return command_help(*command, width);
  for (const auto& [name, group] : groups)
    if (group->parsed()) return group_help(name, width);
  return program_help(width);
}

/// Names within a group: "ls", "rm".
std::vector<std::string> names_within(const Groups& groups, const CLI::App* group) {
  std::vector<std::string> names;
  for (const auto& [name, app] : groups) {
    if (app != group) continue;
    for (const Command& command : commands_of(name))
      names.emplace_back(command.name.substr(name.size() + 1));
  }
  return names;
}

/// What stands in the place of a command and is none. With a flag in front that nobody knows it may
/// be the value of that one.
bool is_no_command(const Words& arguments, Words::const_iterator verb) {
  if (verb == arguments.end() || *verb == "--" || !commands_of(*verb).empty()) return false;
  return std::all_of(arguments.begin(), verb, [](const std::string& word) {
    const bool is_short = word.size() > 2 && word[1] != '-';
    const std::string name = is_short ? word.substr(0, 2) : word.substr(0, word.find('='));
    return !word.starts_with('-') || find_flag(global_flags(), name) != nullptr;
  });
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near ? fmt::format(" (did you mean {}?)", *near) : "";
}

/// What nobody took; empty when everything was taken.
std::string first_unknown(const CLI::App& app) {
  auto remaining = app.remaining(true);
  std::erase(remaining, "--");  // CLI11 has gone by it, and keeps it all the same
  return remaining.empty() ? "" : remaining.front();
}

/// "unknown flag: --x (did you mean --y?)" for what nobody took; empty when everything was taken.
std::string unknown_word(const CLI::App& app, const Groups& groups,
                         const Subcommands& subcommands) {
  const std::string word = first_unknown(app);
  if (word.empty()) return "";
  const CLI::App* innermost = &app;
  while (!innermost->get_subcommands().empty()) innermost = innermost->get_subcommands().front();
  if (word.starts_with('-')) {
    auto candidates = flags_of(app);
    if (innermost != &app) std::ranges::move(flags_of(*innermost), std::back_inserter(candidates));
    const Command* const command = command_of(subcommands);
    if (command != nullptr && innermost->get_option_no_throw(word) != nullptr)
      return fmt::format("flag in front of its command: {} (write: stack {} {})", printable(word),
                         command->name, printable(word));
    return fmt::format("unknown flag: {}{}", printable(word), suggestion(word, candidates));
  }
  if (command_of(subcommands) != nullptr)
    return fmt::format("unexpected argument: {}", printable(word));
  const bool in_group = innermost != &app;
  std::vector<std::string> candidates = verbs();
  if (in_group) candidates = names_within(groups, innermost);
  return fmt::format("unknown command: {}{}{}", in_group ? innermost->get_name() + " " : "",
                     printable(word), suggestion(word, candidates));
}

/// As docker tells it of its own commands, of which a list may have been empty.
Parsed without_object(const Command& command, std::size_t least = 1) {
  std::cerr << fmt::format("stack: \"stack {}\" requires at least {} argument{}.\n\nUsage: {}\n",
                           command.name, least, least == 1 ? "" : "s", usage_of(command));
  return {nullptr, {}, static_cast<int>(ExitCode::failure)};
}

/// Verb and, in a group, the command: where they stand in `arguments`.
std::vector<std::size_t> places_of_command(const Words& arguments) {
  const auto verb = skip_flags(arguments.begin(), arguments, {});
  if (verb == arguments.end()) return {};
  std::vector<std::size_t> places{static_cast<std::size_t>(verb - arguments.begin())};
  const auto next = skip_flags(verb + 1, arguments, {});
  if (next != arguments.end()) places.push_back(static_cast<std::size_t>(next - arguments.begin()));
  return places;
}

/// With docker's words for commands as ours.
Words with_our_words(Words arguments) {
  const auto places = places_of_command(arguments);
  Words words;
  for (const std::size_t place : places) words.push_back(arguments[place]);
  const Words ours = our_words(words);
  // One more word than before stands in front.
  const std::size_t more = ours.size() - words.size();
  for (std::size_t i = 0; i < places.size(); ++i) arguments[places[i]] = ours[i + more];
  if (more > 0)
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(places.front()), ours.front());
  return arguments;
}

bool is_about_stack_file(const Flag& flag) {
  const std::array values{FlagValue(&Options::files), FlagValue(&Options::env_files),
                          FlagValue(&Options::profiles), FlagValue(&Options::project_directory)};
  return std::ranges::find(values, flag.value) != values.end();
}

/// docker's own commands: no stack file is read by them.
bool reads_stack_file(const Command& command) {
  constexpr std::array without{"container", "image",   "volume", "network", "system",
                               "builder",   "inspect", "login",  "logout",  "doctor"};
  return std::ranges::find(without, verb_of(command)) == without.end();
}

/// "-f,--file" of what was given about a stack file to a command that reads none, where docker's
/// flag of that name would mean something else; empty when nothing was.
std::string_view idle_flag(const Command& command, const Options& options) {
  if (reads_stack_file(command)) return {};
  const auto is_own = [&](const Flag& flag) {
    return std::ranges::any_of(command.flags,
                               [&](const Flag& own) { return own.value == flag.value; });
  };
  for (const Flag& flag : global_flags())
    if (is_about_stack_file(flag) && is_given(options, flag) && !is_own(flag)) return flag.names;
  return {};
}

/// Commands that change something, and cannot tell what it would be.
bool cannot_preview(const Command& command) {
  constexpr std::array changing{"exec",
                                "attach",
                                "commit",
                                "push",
                                "pull",
                                "build",
                                "login",
                                "logout",
                                "image build",
                                "image pull",
                                "image push",
                                "image tag",
                                "image rm",
                                "image load",
                                "image import",
                                "image debian",
                                "image prune",
                                "network create",
                                "network rm",
                                "network prune",
                                "network connect",
                                "network disconnect",
                                "volume create",
                                "volume rm",
                                "volume restore",
                                "volume prune",
                                "run",
                                "enable",
                                "disable",
                                "watch",
                                "debug",
                                "init",
                                "builder prune",
                                "system prune"};
  return std::ranges::find(changing, command.name) != changing.end() ||
         command.name.starts_with("container ");
}

}  // namespace

bool takes_words(const Command& command) {
  return command.positional == Positional::service_and_command ||
         command.positional == Positional::object_and_words;
}

std::vector<std::string> as_container_run(const std::vector<std::string>& arguments) {
  const std::size_t verb = places_of_command(arguments).front();
  Words words;
  for (std::size_t at = 0; at < verb; ++at) {
    const std::string& word = arguments[at];
    const bool is_short = word.size() > 1 && word[1] != '-';
    const std::string name = is_short ? word.substr(0, 2) : word.substr(0, word.find('='));
    const Flag* const flag = find_flag(global_flags(), name);
    const bool value_follows = flag != nullptr && takes_value(*flag) && name == word;
    // The file that these are about has been looked for.
    const bool stays = flag == nullptr || !is_about_stack_file(*flag);
    if (stays) words.push_back(word);
    if (value_follows && stays) words.push_back(arguments[at + 1]);
    if (value_follows) ++at;
  }
  words.emplace_back("container");
  words.insert(words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(verb), arguments.end());
  return words;
}

Parsed parse(const std::vector<std::string>& typed) {
  Parsed parsed;
  const Words arguments = with_our_words(typed);
  // What a shell asks about is a line of its own: none of its flags is for us.
  if (!arguments.empty() && arguments.front() == "__complete") {
    parsed.command = find_command(arguments.front());
    parsed.options.arguments.assign(arguments.begin() + 1, arguments.end());
    return parsed;
  }
  CLI::App app{"", "stack"};
  app.allow_extras();
  app.require_subcommand(0, 1);  // after the verb, "exec" or "logs" may be the name of a service
  bool version = false;
  app.add_flag("-v,--version", version, "Print the version");
  for (const auto& flag : global_flags()) add_flag(app, flag, parsed.options);
  const auto verb = skip_flags(arguments.begin(), arguments, {});
  if (verb != arguments.end() && !instead_of(*verb).empty())
    return wrong_usage(fmt::format("unknown command: {}", *verb), nullptr, instead_of(*verb));
  if (is_no_command(arguments, verb))
    return wrong_usage(
        fmt::format("unknown command: {}{}", printable(*verb), suggestion(*verb, verbs())),
        nullptr);
  Groups groups;
  Subcommands subcommands;
  const auto possible = concerned(arguments, verb);
  for (const Command& command : possible)
    subcommands.emplace_back(add_command(app, groups, command, parsed.options), &command);
  Split parts = split_off_command(arguments, verb);
  parts.flags = with_empty_values(std::move(parts.flags), possible);
  std::ranges::reverse(parts.flags);  // CLI11 takes them from the back
  try {
    app.parse(std::move(parts.flags));
  } catch (const CLI::CallForHelp&) {
    std::cout << help_of(command_of(subcommands), groups);
    return parsed;
  } catch (const CLI::RequiredError&) {
    return without_object(*command_of(subcommands));
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what(), command_of(subcommands));
  }
  parsed.command = command_of(subcommands);
  if (const std::string unknown = unknown_word(app, groups, subcommands); !unknown.empty())
    return wrong_usage(
        unknown, parsed.command,
        parsed.command == nullptr ? "" : instead_of_word(*parsed.command, first_unknown(app)));
  if (version) {
    run_version(parsed.options);
    return {};
  }
  if (parsed.command == nullptr) {
    std::cout << help_of(nullptr, groups);
    parsed.exit_code = static_cast<int>(ExitCode::usage);
    return parsed;
  }
  if (takes_words(*parsed.command)) {
    const bool needs_command = parsed.command->positional == Positional::service_and_command;
    const std::size_t least = needs_command ? 2 : 1;
    if (parts.command.size() < least && !group_of(*parsed.command).empty())
      return without_object(*parsed.command, least);
    if (parts.command.size() < least)
      return wrong_usage(
          fmt::format("{} needs {}{}", parsed.command->name, parsed.command->positional_name,
                      needs_command ? " COMMAND" : ""),
          parsed.command);
    parsed.options.arguments = std::move(parts.command);
    parsed.options.command_line = arguments;
  }
  if (const auto idle = idle_flag(*parsed.command, parsed.options); !idle.empty())
    return wrong_usage(
        fmt::format("`stack {}` reads no stack file: {} is not for it", parsed.command->name, idle),
        parsed.command);
  if (const std::string filter = instead_of_file(*parsed.command, parsed.options); !filter.empty())
    return wrong_usage(fmt::format("-f is the stack file: there is none called {}",
                                   printable(parsed.options.files.front())),
                       parsed.command, filter);
  if (parsed.options.dry_run && cannot_preview(*parsed.command))
    return wrong_usage(fmt::format("`{}` cannot tell what it would do: --dry-run is not for it",
                                   parsed.command->name),
                       parsed.command);
  return parsed;
}

}  // namespace stack::cli
