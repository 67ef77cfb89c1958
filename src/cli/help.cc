// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/command_table.h"
#include "cli/style.h"
#include "cli/table.h"

namespace stack::cli {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

/// Names on the left, as wide as the widest that is not too wide; what they mean on the right.
std::string two_columns(const Rows& rows, std::size_t width) {
  constexpr std::size_t widest = 30, gap = 3, indent = 2;
  std::size_t left = 0;
  for (const auto& [name, text] : rows)
    if (name.size() <= widest) left = std::max(left, name.size());
  const std::size_t column = indent + left + gap;
  std::string lines;
  for (const auto& [name, text] : rows) {
    lines += std::string(indent, ' ') + name;
    if (name.size() > left) {
      lines += '\n' + std::string(column, ' ');
    } else {
      lines += std::string(column - indent - name.size(), ' ');
    }
    lines += wrapped(text, width, column, column) + '\n';
  }
  return lines;
}

Rows flag_rows(const std::vector<Flag>& flags) {
  Rows rows;
  for (const Flag& flag : flags)
    if (flag.help != hidden) rows.emplace_back(flag_text(flag), flag.help);
  return rows;
}

/// Commands in the order of the table; those of a group as one.
Rows command_rows() {
  Rows rows;
  std::set<std::string_view> told;
  for (const Command& command : commands()) {
    const std::string_view group = group_of(command);
    if (command.help == hidden || (!group.empty() && !told.insert(group).second)) continue;
    rows.emplace_back(group.empty() ? command.name : group,
                      group.empty() ? command.help : group_summary(group));
  }
  return rows;
}

[[noreturn]] void refuse_topic(const std::string& topic) {
  std::vector<std::string> known{"exit-codes"};
  for (const Command& command : commands())
    if (command.help != hidden) known.emplace_back(command.name);
  const auto near = nearest(topic, known);
  throw Error(fmt::format("there is no help for {}", stack::quoted(topic)))
      .with_hint(near ? fmt::format("did you mean {}?", *near)
                      : "`stack help` lists the commands; `stack help exit-codes`")
      .with_exit_code(ExitCode::usage);
}

}  // namespace

std::string flag_text(const Flag& flag) {
  const auto names = split(flag.names, ',');
  std::string text = names.front().size() == 2 ? "" : "    ";
  text += join(names, ", ");
  if (!flag.value_name.empty()) text += fmt::format(" {}", flag.value_name);
  return text;
}

std::string_view group_of(const Command& command) {
  const std::size_t space = command.name.find(' ');
  return space == std::string_view::npos ? std::string_view() : command.name.substr(0, space);
}

bool is_group(std::string_view name) {
  const auto commands = commands_of(name);
  return !commands.empty() && !group_of(commands.front()).empty();
}

std::string group_summary(std::string_view group) {
  if (group == "system") return "Look at this machine, and clean up";
  if (group == "builder") return "Manage the build cache";
  return fmt::format("Manage {}s", group);
}

std::string usage_of(const Command& command) {
  std::string text = fmt::format("stack {} [OPTIONS]", command.name);
  switch (command.positional) {
    case Positional::none:
      break;
    case Positional::any:
      text += fmt::format(" [{}...]", command.positional_name);
      break;
    case Positional::one:
      text += fmt::format(" {}", command.positional_name);
      break;
    case Positional::at_least_one: {
      // "NETWORK CONTAINER" are two things; "SERVICE" may come again.
      const bool several = command.positional_name.find(' ') != std::string_view::npos;
      text += fmt::format(" {}{}", command.positional_name, several ? "" : "...");
      break;
    }
    case Positional::service_and_command:
      text += fmt::format(" {} COMMAND [ARG...]", command.positional_name);
      break;
    case Positional::object_and_words: {
      const bool is_whole = command.positional_name.find(' ') != std::string_view::npos;
      text += fmt::format(" {}{}", command.positional_name, is_whole ? "" : " [COMMAND] [ARG...]");
      break;
    }
  }
  return text;
}

std::string command_help(const Command& command, std::size_t width) {
  std::string text = fmt::format("Usage: {}\n\n", usage_of(command));
  text += wrapped(command.help, width, 0, 0) + "\n";
  const Rows rows = flag_rows(command.flags);
  if (!rows.empty()) text += "\nOptions:\n" + two_columns(rows, width);
  text += fmt::format("\nExample:\n  {}\n", command.example);
  text += "\n`stack --help` lists the options that all commands have.\n";
  return text;
}

std::string group_help(std::string_view group, std::size_t width) {
  Rows rows;
  for (const Command& command : commands_of(group)) {
    if (command.help != hidden)
      rows.emplace_back(command.name.substr(group.size() + 1), command.help);
  }
  return fmt::format(
      "Usage: stack {} COMMAND\n\n{}\n\nCommands:\n{}\n`stack {} COMMAND --help` "
      "explains one.\n",
      group, group_summary(group), two_columns(rows, width), group);
}

std::string program_help(std::size_t width) {
  Rows options = flag_rows(global_flags());
  options.emplace_back("-v, --version", "Print the version");
  options.emplace_back("-h, --help", "Explain the program, or a command");
  return fmt::format(
      "Usage: stack [OPTIONS] COMMAND\n\n"
      "Compose files, run by one program: no daemon to install.\n\n"
      "Commands:\n{}\n"
      "Options of all commands, before or after the command:\n{}\n"
      "`stack COMMAND --help` explains a command, `stack help exit-codes` how it ends.\n",
      two_columns(command_rows(), width), two_columns(options, width));
}

const std::vector<ExitCodeRow>& exit_code_rows() {
  static const std::vector<ExitCodeRow> rows{
      {"0", "Done. Of an `up` without -d also: everything has ended."},
      {"1", "Something failed, and is told on standard error."},
      {"2",
       "Wrong usage: an unknown command or option, or one that does not fit. 1 when called as "
       "`docker-compose`, or when a command that acts on names is given none, as docker has it. Of "
       "`plan --detailed-exitcode`: there is something to do."},
      {"3",
       "A stack file, an env file or a Dockerfile that cannot be accepted; every mistake is "
       "told with its line. 1 when called as `docker-compose`."},
      {"4",
       "Something did not become ready: a dependency, or what --wait waits for. 1 when called as "
       "`docker-compose`."},
      {"75", "With --no-wait: another command changes the stack, and is named. Try again later."},
      {"125", "The container could not be set up."},
      {"126", "Its program was found, and cannot be executed."},
      {"127", "Its program was not found."},
      {"128+N", "Of `exec`, `wait` and the like: the program was ended by signal N."},
      {"130",
       "Broken off by Ctrl-C, or, while it changed the stack, by a `down` or `stop` of the same "
       "stack."},
      {"other",
       "Of `exec`, `attach`, `wait`, `up --exit-code-from` and the like: how the program "
       "in the container ended."},
  };
  return rows;
}

std::string exit_codes_help(std::size_t width) {
  Rows rows;
  for (const auto& [code, meaning] : exit_code_rows()) rows.emplace_back(code, meaning);
  return "Exit codes:\n" + two_columns(rows, width);
}

std::size_t help_width() {
  constexpr std::size_t narrowest = 40, widest = 110;
  if (!is_terminal(STDOUT_FILENO)) return 80;
  return std::clamp(static_cast<std::size_t>(screen_size(STDOUT_FILENO).columns), narrowest,
                    widest);
}

int run_help(const Options& options) {
  const std::string topic = join(options.arguments, " ");
  const std::size_t width = help_width();
  if (topic.empty()) {
    std::cout << program_help(width);
  } else if (topic == "exit-codes") {
    std::cout << exit_codes_help(width);
  } else if (const Command* const command = find_command(topic)) {
    std::cout << command_help(*command, width);
  } else if (is_group(topic)) {
    std::cout << group_help(topic, width);
  } else {
    refuse_topic(topic);
  }
  return 0;
}

}  // namespace stack::cli
