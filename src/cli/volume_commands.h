// SPDX-License-Identifier: Apache-2.0
// Rows of the table of commands for `stack volume`.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command volume_list_command();
Command volume_create_command();
Command volume_inspect_command();
Command volume_remove_command();
Command volume_restore_command();
Command volume_prune_command();

}  // namespace stack::cli
