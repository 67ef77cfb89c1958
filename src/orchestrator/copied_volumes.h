// SPDX-License-Identifier: Apache-2.0
// `up --copy-volumes-from PROJECT`: new volumes begin with what another stack's volumes of the same
// key hold, so that a second checkout has data to work with.
#pragma once

#include <string>

#include "base/host_paths.h"
#include "orchestrator/desired.h"
#include "orchestrator/observed.h"
#include "orchestrator/preflight.h"

namespace stack::orchestrator {

/// Sets DesiredVolume::copied_from of named volumes that are not there yet. A problem for each
/// whose original is in use by a container that runs (paused ones do not write), and when `project`
/// has no volume at all; a warning for each that is there already, as it is left as it is.
/// Read-only.
HostFindings choose_copies(DesiredState& desired, const ObservedState& observed,
                           const std::string& project, const HostPaths& paths);

}  // namespace stack::orchestrator
