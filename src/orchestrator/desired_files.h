// SPDX-License-Identifier: Apache-2.0
// The configs and secrets of one service, as files that its containers shall have.
#pragma once

#include "orchestrator/desired.h"

namespace stack::orchestrator {

/// Secrets go where a config is already: the later one of a target wins, as in a list of mounts.
/// References to what is external or could not be read are left out: preflight has refused them.
std::vector<DesiredFile> desired_files(const spec::Project& project, const spec::Service& service,
                                       const HostFiles& files);

}  // namespace stack::orchestrator
