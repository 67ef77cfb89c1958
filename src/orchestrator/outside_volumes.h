// SPDX-License-Identifier: Apache-2.0
// What a container outside of the project has mounted, for those who take it over: `volumes_from:
// [container:NAME]` of a file, --volumes-from by hand.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "orchestrator/problem.h"
#include "spec/model.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// What a container has mounted of the host, as a service would write it. Volumes have their names
/// on this host.
std::vector<spec::Mount> mounts_to_inherit(const supervisor::ContainerConfig& container,
                                           const HostPaths& paths);

/// A volume that is there, under its name on this host.
void declare_external_volume(const std::string& name, spec::Project& project);

/// Whether any service has a `volumes_from: [container:NAME]`.
bool takes_outside_volumes(const spec::Project& project);

/// Writes into each of `services` what its `volumes_from: [container:NAME]` bring; what it has at
/// the same path itself stays. One that is not there is told by `problems`, at its line.
void settle_outside_volumes(const HostPaths& paths, const std::set<std::string>& services,
                            spec::Project& project, std::vector<Problem>& problems);

}  // namespace stack::orchestrator
