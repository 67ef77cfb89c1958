// SPDX-License-Identifier: Apache-2.0
// Command line -> command and options, by the table.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace stack::cli {

/// What follows its object is another program's, and not ours to parse.
bool takes_words(const Command& command);

struct Parsed {
  const Command* command = nullptr;  ///< null: help or version was printed, or the line was wrong
  Options options;
  int exit_code = 0;  ///< when there is no command
};

/// `run ...` as `container run ...`, without what stands in front of it about
/// stack files.
std::vector<std::string> as_container_run(const std::vector<std::string>& arguments);

/// Prints help to stdout and mistakes (with the nearest name) to stderr.
Parsed parse(const std::vector<std::string>& arguments);

}  // namespace stack::cli
