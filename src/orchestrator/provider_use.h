// SPDX-License-Identifier: Apache-2.0
// Providers as use cases have them: asked before the containers that depend on them are made, and
// told to go after those have gone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "orchestrator/provider_engine.h"
#include "orchestrator/provider_plan.h"
#include "orchestrator/use_cases.h"

namespace stack::orchestrator {

/// Finds the programs of `chosen` and asks them what they take; changes nothing. `problems`: what
/// stands in the way of bringing them up: a program that is not there, an option that it needs.
KnownProviders look_at_providers(const spec::Project& project, const std::set<std::string>& chosen,
                                 std::vector<Problem>& problems);
/// What the project's providers said last.
std::map<std::string, ProviderVariables> read_provider_variables(const std::string& project,
                                                                 const HostPaths& paths);
/// The project with that.
spec::Project with_remembered_variables(const spec::Project& project, const HostPaths& paths);

/// Brings them up, under the project's lock, and remembers what they say.
Execution bring_providers_up(const spec::Project& project, const KnownProviders& chosen,
                             Host& host);
/// Those that are remembered or in the project's file; `services`: of these alone, empty: all. What
/// was taken down is forgotten. `project` may be null.
Execution take_providers_down(const std::string& name, const spec::Project* project,
                              const std::set<std::string>& services, Host& host);
/// Those that are remembered and know how to stop.
Execution stop_providers(const std::string& name, const std::set<std::string>& services,
                         Host& host);

}  // namespace stack::orchestrator
