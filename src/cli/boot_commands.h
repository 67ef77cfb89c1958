// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands that is about the machine's start.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command boot_command();
Command enable_command();
Command disable_command();

}  // namespace stack::cli
