// SPDX-License-Identifier: Apache-2.0
// The part of the command table about the program itself and the machine.
#pragma once

#include <vector>

#include "cli/command.h"

namespace stack::cli {

Command graph_command();
Command init_command();
Command inspect_command();
Command open_command();
Command system_df_command();
Command system_info_command();
Command system_prune_command();
Command builder_prune_command();
Command help_command();
Command completion_command();
/// For scripts of shells, the documentation and tests: not shown.
Command complete_command();
Command reference_command();

}  // namespace stack::cli
