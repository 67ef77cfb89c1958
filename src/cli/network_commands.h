// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands that is about networks: docker's flags.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command network_list_command();
Command network_create_command();
Command network_inspect_command();
Command network_remove_command();
Command network_prune_command();
Command network_connect_command();
Command network_disconnect_command();

}  // namespace stack::cli
