// SPDX-License-Identifier: Apache-2.0
// The places that output is sent to, as this machine knows them.
#pragma once

#include <vector>

#include "orchestrator/diff.h"
#include "orchestrator/problem.h"

namespace stack::orchestrator {

/// A warning for each service that is about to start, and whose output nobody takes: there is no
/// such socket. It is sent when there is.
std::vector<Problem> check_log_places(const DesiredState& desired, const Changes& changes);

/// Puts an address in the place of a host's name: the supervisor asks no resolver. Throws Error.
void resolve_log_host(supervisor::ContainerConfig& config);

}  // namespace stack::orchestrator
