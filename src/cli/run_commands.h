// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands about making containers without `up`, and about what there is.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command run_command();
/// Flags that `run` takes for an image alone: those of `container run` that it has no other use
/// for.
std::vector<Flag> image_only_flags();
Command create_command();
Command remove_command();
Command stack_list_command();
Command project_volumes_command();

}  // namespace stack::cli
