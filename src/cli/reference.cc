// SPDX-License-Identifier: Apache-2.0
#include "cli/reference.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/command_table.h"
#include "cli/completion.h"
#include "cli/compose_flags.h"
#include "cli/help.h"

namespace stack::cli {
namespace {

const Flag* find_flag(const std::vector<Flag>& flags, const std::string& name) {
  const auto found = std::ranges::find_if(flags, [&](const Flag& flag) {
    const auto names = split(flag.names, ',');
    return std::ranges::find(names, name) != names.end();
  });
  return found == flags.end() ? nullptr : &*found;
}

/// A | would end the cell.
std::string in_cell(std::string_view text) {
  std::string cell;
  for (const char letter : text) cell += letter == '|' ? std::string("\\|") : std::string{letter};
  return cell;
}

std::string names_text(const Flag& flag) {
  std::string text = fmt::format("`{}`", join(split(flag.names, ','), "`, `"));
  if (!flag.value_name.empty()) text += fmt::format(" {}", in_cell(flag.value_name));
  return text;
}

// --- the comparison

std::string compared_flag(const std::string& name, const Flag* flag) {
  if (flag == nullptr) return fmt::format("| `{}` | no | |\n", name);
  if (flag->help == hidden) return fmt::format("| `{}` | accepted | without effect |\n", name);
  return fmt::format("| `{}` | yes | {} |\n", name, in_cell(flag->help));
}

std::string compared_flags(std::string_view flags, const std::vector<Flag>& ours) {
  if (flags.empty()) return "";
  std::string text = "| flag | | |\n|--|--|--|\n";
  for (const auto& name : split(flags, ' ')) {
    if (name == "--version") continue;
    const Flag* flag = find_flag(ours, name);
    if (flag == nullptr) flag = find_flag(ours, to_lower(name));
    text += compared_flag(name, flag);
  }
  return text + "\n";
}

std::string comparison() {
  std::string text =
      "## Beside docker compose\n\n"
      "Each command of docker compose v5 with each of its flags, in the order of the alphabet.\n\n"
      "### Global\n\n";
  text += compared_flags(compose_global_flags(), global_flags());
  for (const ComposeCommand& theirs : compose_commands()) {
    text += fmt::format("### {}\n\n", theirs.name);
    const Command* const ours = find_command(theirs.name);
    if (ours != nullptr) {
      const std::string flags = compared_flags(theirs.flags, ours->flags);
      text += flags.empty() ? "Supported; it has no flags.\n\n" : flags;
    } else {
      text += fmt::format("Not supported{}.\n\n",
                          theirs.instead.empty() ? "" : fmt::format(": {}", theirs.instead));
    }
  }
  return text;
}

// --- the environment

constexpr const char* environment_rows =
    "## Environment\n\n"
    "Flags win. Of each COMPOSE_* there is a twin STACK_* for the second group, which wins over "
    "it.\n\n"
    "| variable | |\n|--|--|\n"
    "| `COMPOSE_FILE`, `COMPOSE_PATH_SEPARATOR`, `COMPOSE_PROJECT_NAME`, `COMPOSE_PROFILES`, "
    "`COMPOSE_ENV_FILES`, `COMPOSE_DISABLE_ENV_FILE` | what is read; from `.env`, too |\n"
    "| `COMPOSE_ANSI`, `COMPOSE_PROGRESS`, `COMPOSE_PARALLEL_LIMIT`, `COMPOSE_REMOVE_ORPHANS`, "
    "`COMPOSE_COMPATIBILITY` | as "
    "the flag of that name |\n"
    "| `COMPOSE_IGNORE_ORPHANS` | no warning of orphans |\n"
    "| `COMPOSE_STATUS_STDOUT` | progress goes to standard output |\n"
    "| `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb` | no colour, colour in a pipe, no colour and "
    "plain "
    "progress |\n"
    "| `CI` | plain progress, on a terminal too |\n"
    "| `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE` | passwords of registries |\n"
    "| `STACK_ISOLATED` | as --isolated |\n"
    "| `XDG_CONFIG_HOME` | where `stack/config.yaml` is, instead of `~/.config` |\n"
    "| `STACK_ROOT`, `STACK_RUN` | where everything is kept, and what is needed while it runs "
    "|\n\n";

// --- every command

std::string described_flags(const std::vector<Flag>& flags) {
  std::string rows;
  for (const Flag& flag : flags)
    if (flag.help != hidden)
      rows += fmt::format("| {} | {} |\n", names_text(flag), in_cell(flag.help));
  return rows.empty() ? "" : fmt::format("| option | |\n|--|--|\n{}\n", rows);
}

std::string described(const Command& command) {
  return fmt::format("### stack {}\n\n{}.\n\n    {}\n\n{}Example: `{}`\n\n", command.name,
                     command.help, usage_of(command), described_flags(command.flags),
                     command.example);
}

std::string exit_codes() {
  std::string text = "## Exit codes\n\n| code | |\n|--|--|\n";
  for (const auto& [code, meaning] : exit_code_rows())
    text += fmt::format("| {} | {} |\n", code, in_cell(meaning));
  return text + "\n";
}

// --- manual pages

/// troff takes - for a hyphen, and . or ' at the beginning of a line for a request.
std::string troff(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '-') {
      escaped += "\\-";
    } else if (letter == '\\') {
      escaped += "\\e";
    } else {
      escaped += letter;
    }
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string upper(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return text;
}

std::string page_head(const std::string& page, std::string_view summary) {
  return fmt::format(".TH {} 1 \"\" \"stack {}\" \"stack\"\n.SH NAME\n{} \\- {}\n", upper(page),
                     STACK_VERSION, troff(page), troff(summary));
}

std::string flag_paragraphs(const std::vector<Flag>& flags) {
  std::string text;
  for (const Flag& flag : flags) {
    if (flag.help == hidden) continue;
    text += fmt::format(".TP\n.B {}", troff(join(split(flag.names, ','), ", ")));
    if (!flag.value_name.empty()) text += fmt::format(" \\fI{}\\fR", troff(flag.value_name));
    text += fmt::format("\n{}\n", troff(flag.help));
  }
  return text;
}

std::string page_name(const Command& command) {
  std::string name = fmt::format("stack-{}", command.name);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string command_page(const Command& command) {
  std::string text = page_head(page_name(command), command.help);
  text += fmt::format(".SH SYNOPSIS\n.B {}\n", troff(usage_of(command)));
  text += fmt::format(".SH DESCRIPTION\n{}.\n", troff(command.help));
  if (const auto flags = flag_paragraphs(command.flags); !flags.empty())
    text += ".SH OPTIONS\n" + flags;
  text += fmt::format(".SH EXAMPLE\n.nf\n{}\n.fi\n", troff(command.example));
  return text + ".SH SEE ALSO\n.BR stack (1)\n";
}

std::string program_page() {
  std::string text = page_head("stack", "compose files, run by one program");
  text += ".SH SYNOPSIS\n.B stack\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR\n.SH COMMANDS\n";
  for (const Command& command : commands()) {
    if (command.help == hidden) continue;
    text += fmt::format(".TP\n.BR {} (1)\n{}\n", troff(page_name(command)), troff(command.help));
  }
  text += ".SH OPTIONS\nBefore or after the command.\n" + flag_paragraphs(global_flags());
  text += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_code_rows())
    text += fmt::format(".TP\n.B {}\n{}\n", troff(code), troff(meaning));
  return text;
}

}  // namespace

std::string reference_markdown() {
  std::string text =
      "# Commands\n\n"
      "Made by `stack reference markdown` from the table that the program itself parses command\n"
      "lines by; a test compares. Options may stand before or after the command, and short ones\n"
      "together (`-it`). Called as `docker-compose`, the program ends with 1 where docker compose\n"
      "does.\n\n";
  text += exit_codes() + environment_rows + comparison();
  text += "## All commands\n\n### Options of all\n\n" + described_flags(global_flags());
  for (const Command& command : commands())
    if (command.help != hidden) text += described(command);
  text.pop_back();
  return text;
}

std::map<std::string, std::string> manual_pages() {
  std::map<std::string, std::string> pages{{"stack.1", program_page()}};
  for (const Command& command : commands())
    if (command.help != hidden) pages[page_name(command) + ".1"] = command_page(command);
  return pages;
}

namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, text, Durability::survives_crash, 0644);
}

/// As it lies below /usr/share.
void write_package(const std::filesystem::path& directory) {
  for (const auto& [name, page] : manual_pages()) write(directory / "man/man1" / name, page);
  write(directory / "bash-completion/completions/stack", completion_script("bash"));
  write(directory / "zsh/vendor-completions/_stack", completion_script("zsh"));
  write(directory / "fish/vendor_completions.d/stack.fish", completion_script("fish"));
}

}  // namespace

int run_reference(const Options& options) {
  const auto& what = options.arguments;
  if (what.size() == 1 && what[0] == "markdown") {
    std::cout << reference_markdown();
  } else if (what.size() == 2 && what[0] == "package") {
    write_package(what[1]);
  } else {
    throw Error("reference takes: markdown, or package DIRECTORY").with_exit_code(ExitCode::usage);
  }
  return 0;
}

}  // namespace stack::cli
