// SPDX-License-Identifier: Apache-2.0
// Command line -> command and options, by the table.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace stack::cli {

struct Parsed {
  const Command* command = nullptr;  ///< null: help or version was printed, or the line was wrong
  Options options;
  int exit_code = 0;  ///< when there is no command
};

/// Prints help to stdout and mistakes (with the nearest name) to stderr.
Parsed parse(const std::vector<std::string>& arguments);

}  // namespace stack::cli
