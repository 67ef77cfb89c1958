// SPDX-License-Identifier: Apache-2.0
// Starting a stack's keeper so that it outlives whoever starts it.
#pragma once

#include "base/fd.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// What a keeper says on the pipe that start_keeper returns: this byte when the supervisor serves,
/// an error's text when that cannot be, nothing at all when another keeper holds the lock.
inline constexpr char ready_byte = 'R';

/// Starts a keeper from a sealed copy of this program: own session, own cgroup where there is a v2
/// tree, nobody's child. Returns the reading end of its ready pipe. Throws Error.
Fd start_keeper(const ProjectFiles& files);

/// False when there was never one, or it was killed, though the kernel may still be freeing what it
/// had: then nobody knows of its containers' ends.
bool has_keeper(const ProjectFiles& files);
/// Removes the cgroup that start_keeper made, once the keeper is gone: no process can remove the
/// one it lives in. Waits for a keeper that is about to end. Throws Error.
void remove_keeper_cgroup(const ProjectFiles& files);

}  // namespace stack::supervisor
