// SPDX-License-Identifier: Apache-2.0
// Short ways to say what tests of the orchestrator talk about.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "orchestrator/diff.h"
#include "orchestrator/observed.h"

namespace stack::orchestrator::testing {

/// A service with image "busybox", command `sleep` and the default network.
spec::Service service(const std::string& name);
/// `published` on every address of the host, leading to 80.
spec::Port port(std::uint16_t published);
/// A project "shop" with the networks and volumes its services name.
spec::Project project(const std::vector<spec::Service>& services);
/// "busybox" exists as image "sha256:1".
ImageCatalog images();
DesiredState desired(const spec::Project& project);
/// Of its services.
std::set<std::string> names_of(const spec::Project& project);

/// The container that a wish becomes when it is made, running.
supervisor::ObservedContainer observed(const DesiredContainer& wish);
/// All that is to change in `world`.
Changes all_changes(const spec::Project& project, const DesiredState& wish,
                    const ObservedState& world);
/// A world in which the whole wish has come true: everything exists, runs and is healthy.
ObservedState come_true(const DesiredState& state);
supervisor::ObservedContainer exited(supervisor::ObservedContainer container, int code);

}  // namespace stack::orchestrator::testing
