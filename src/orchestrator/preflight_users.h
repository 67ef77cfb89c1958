// SPDX-License-Identifier: Apache-2.0
// Whether those whom containers are to run as are known to their images, asked before the first
// change: a container that cannot start is worst where it replaces one that runs.
#pragma once

#include <vector>

#include "base/host_paths.h"
#include "orchestrator/desired.h"
#include "orchestrator/diff.h"
#include "orchestrator/problem.h"

namespace stack::orchestrator {

/// A problem for each service whose user is none, of the containers that are made new. What lies
/// below a mount of the container's own /etc is not known, nor is an image that is not here.
std::vector<Problem> check_users(const HostPaths& paths, const DesiredState& desired,
                                 const Changes& changes);

}  // namespace stack::orchestrator
