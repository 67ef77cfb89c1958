// SPDX-License-Identifier: Apache-2.0
// Finding a stack's supervisor: its control socket, for commands and for other supervisors.
#pragma once

#include "base/fd.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// Connects; nothing when nobody listens there. Throws Error.
Fd connect_control_socket(const ProjectFiles& files);

}  // namespace stack::supervisor
