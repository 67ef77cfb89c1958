// SPDX-License-Identifier: Apache-2.0
// Starting a stack's keeper so that it outlives whoever starts it.
#pragma once

#include "base/fd.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// Starts a keeper from a sealed copy of the program stack-keeper, which this one carries: own
/// session, own cgroup where there is a v2 tree, nobody's child. Returns the reading end of its
/// ready pipe (keeper.h). Throws Error.
Fd start_keeper(const ProjectFiles& files);

/// Removes the cgroup that start_keeper made, once the keeper is gone: no process can remove the
/// one it lives in. Waits for a keeper that is about to end. Throws Error.
void remove_keeper_cgroup(const ProjectFiles& files);

}  // namespace stack::supervisor
