// SPDX-License-Identifier: Apache-2.0
// Runs a program of the host to its end and reads what it says. Nothing of it outlives us: as root
// it gets a process and a mount namespace of its own, so when it is killed, or we are, the kernel
// ends every process it started and undoes every mount it made.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stack::image {

struct Tool {
  std::filesystem::path program;
  std::vector<std::string> arguments;    ///< without the program itself
  std::vector<std::string> environment;  ///< KEY=VALUE, on top of our own
};

/// Runs it with no input; each line of its output and error output is given to `on_line`. Returns
/// its exit code, or 128 + signal. When on_line throws it is killed.
int run_tool(const Tool& tool, const std::function<void(const std::string&)>& on_line);

/// The first executable file of that name in the directories of PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace stack::image
