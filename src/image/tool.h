// SPDX-License-Identifier: Apache-2.0
// Runs a program of the host to its end and reads what it says. Nothing of it outlives us: as root
// it gets a process and a mount namespace of its own, so when it is killed, or we are, the kernel
// ends every process it started and undoes every mount it made.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stack::image {

/// Of the variables of our environment.
enum class Inherits { all, nothing };

struct Tool {
  std::filesystem::path program;
  std::vector<std::string> arguments;    ///< without the program itself
  std::vector<std::string> environment;  ///< KEY=VALUE, on top of what it inherits
  Inherits inherits = Inherits::all;
  std::chrono::milliseconds patience{0};  ///< how long it may say nothing; 0: for ever
  int input = -1;                         ///< borrowed; -1: there is none
};

/// Runs it (umask 022); each line of its output and error output is given to `on_line`. Returns its
/// exit code, or 128 + signal. When on_line throws it is killed; so it is, with an Error, when its
/// silence is too long.
int run_tool(const Tool& tool, const std::function<void(const std::string&)>& on_line);

/// The first executable file of that name in the directories of PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);
/// The same. Throws Error when there is none, with the package that has it.
std::filesystem::path needed_program(const std::string& name, const std::string& package);

}  // namespace stack::image
