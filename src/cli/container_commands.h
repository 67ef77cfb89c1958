// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands about containers by their names: docker's `container`.
#pragma once

#include <vector>

#include "cli/command.h"

namespace stack::cli {

std::vector<Command> container_commands();
/// All that a container can be made with.
std::vector<Flag> making_flags();

}  // namespace stack::cli
