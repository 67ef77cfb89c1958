// SPDX-License-Identifier: Apache-2.0
// What the command table says, as text for people: `--help`, `stack help`. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace stack::cli {

/// Lines are broken at `width` columns.
std::string program_help(std::size_t width);
/// "image": its commands.
std::string group_help(std::string_view group, std::size_t width);
std::string command_help(const Command& command, std::size_t width);
/// What the exit codes mean.
std::string exit_codes_help(std::size_t width);

/// "stack up [OPTIONS] [SERVICE...]"
std::string usage_of(const Command& command);
/// "Manage images"
std::string group_summary(std::string_view group);
/// "image" of "image ls"; empty for "up".
std::string_view group_of(const Command& command);
/// "image"; not "up", nor what is no word of ours.
bool is_group(std::string_view name);
/// "-d, --detach"; "    --wait-timeout SECONDS"
std::string flag_text(const Flag& flag);

struct ExitCodeRow {
  std::string_view code;
  std::string_view meaning;
};
const std::vector<ExitCodeRow>& exit_code_rows();

/// How wide help may be: of the terminal, or 80.
std::size_t help_width();

}  // namespace stack::cli
