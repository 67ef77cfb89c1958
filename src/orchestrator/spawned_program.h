// SPDX-License-Identifier: Apache-2.0
// Somebody else's program as a child of ours.
#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "spec/model.h"

namespace stack::orchestrator {

struct Program {
  std::filesystem::path file;
  std::vector<std::string> arguments;  ///< without its name
  spec::StringMap environment;         ///< all that it gets
};

/// Starts it in this directory, with these as standard input, output and error, no other descriptor
/// of ours, and no signal blocked. Its id; the caller waits for it. Throws Error when it cannot be
/// executed.
pid_t spawn_program(const Program& program, const std::array<int, 3>& streams);

}  // namespace stack::orchestrator
