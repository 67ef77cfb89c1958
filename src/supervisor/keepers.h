// SPDX-License-Identifier: Apache-2.0
// Keepers and supervisors of a stack as the processes themselves tell, for when the files that tell
// of them are gone: somebody has emptied the run directory, or the data directory, of a stack that
// runs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "supervisor/project_files.h"

namespace stack::supervisor {

/// True for a keeper of another stack, or of another installation, which may have a stack of the
/// same name; false for a keeper of `files` and for all other processes. An installation is known
/// by its data directory, as the process sees it.
bool is_another_stacks_keeper(const ProjectFiles& files, pid_t process);

/// Keepers of the stack that live, by its cgroups: its run directory knows one at most.
std::vector<pid_t> find_keepers(const ProjectFiles& files);

/// Kills all keepers of the stack but `own`, and supervisors that are not `own`'s, and waits for
/// their end. What ran under them is for the next supervisor to clear away. For who holds the
/// keeper's lock.
void end_other_keepers(const ProjectFiles& files, pid_t own);

/// Kills the supervisor: its keeper starts another one at once, which takes all containers over and
/// can be reached again. False when there is none.
bool restart_supervisor(const ProjectFiles& files);

/// Ids of containers that run under a keeper of the stack and have no directory any more.
std::vector<std::string> unrecorded_containers(const ProjectFiles& files);

/// How a supervisor that does not answer can be had to: names the keeper when that is stopped, else
/// the supervisor; empty when there is neither.
std::string cure_for_silence(const ProjectFiles& files);

}  // namespace stack::supervisor
