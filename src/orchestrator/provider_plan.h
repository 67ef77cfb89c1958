// SPDX-License-Identifier: Apache-2.0
// Which providers a command is about, in which order they are asked, and what comes of what they
// say. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/plan.h"
#include "orchestrator/problem.h"
#include "orchestrator/provider_words.h"

namespace stack::orchestrator {

using Providers = std::map<std::string, spec::Provider>;  ///< by service

/// Services that a command line names, or all.
struct ServiceChoice {
  std::vector<std::string> services;  ///< empty: all of them, unless there are `providers` alone
  std::set<std::string> providers;
  bool are_all_providers = false;  ///< some were named, and none has a container
};
/// `with_dependencies`: with the providers that the named ones depend on, directly or not, and the
/// services that a named provider depends on.
ServiceChoice choose(const spec::Project& project, const std::vector<std::string>& named,
                     bool with_dependencies);

/// A step for each: those that it depends on come before, or for what is not `up`, after.
Plan plan_providers(const Providers& providers, RunProvider::Command command);

/// The project as its services see it when their providers have said this. A raw variable wins over
/// what the file says; that, when it differs, is a warning.
spec::Project with_variables(spec::Project project,
                             const std::map<std::string, ProviderVariables>& variables,
                             std::vector<Problem>& warnings);

}  // namespace stack::orchestrator
