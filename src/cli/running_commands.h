// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands that is about containers that are there.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command events_command();
Command system_events_command();
Command exec_command();
Command debug_command();
Command attach_command();
Command kill_command();
Command restart_command();
Command pause_command();
Command unpause_command();
Command wait_command();
Command top_command();
Command stats_command();
Command port_command();
Command hosts_command();

/// --index, for commands on one container of a service.
Flag index_flag();

}  // namespace stack::cli
