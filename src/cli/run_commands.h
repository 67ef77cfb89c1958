// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands about making containers without `up`, and about what there is.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command run_command();
Command create_command();
Command remove_command();
Command stack_list_command();
Command project_volumes_command();

}  // namespace stack::cli
