// SPDX-License-Identifier: Apache-2.0
// What is remembered of a project's providers: <data>/stacks/PROJECT/providers.json. It is there
// from before they are asked for anything until they have been taken down, so that `down` and
// `stop` know of them without the file, and `plan` what they said last. Written under the project's
// lock.
#pragma once

#include <map>
#include <string>

#include "base/host_paths.h"
#include "orchestrator/provider_plan.h"

namespace stack::orchestrator {

struct ProviderRecord {
  spec::Provider provider;
  ProviderVariables variables;  ///< of the last time that it came up
};
using ProviderRecords = std::map<std::string, ProviderRecord>;  ///< by service

/// What cannot be read counts as absent.
ProviderRecords read_provider_records(const std::string& project, const HostPaths& paths);
/// Without any the file goes. Throws Error.
void write_provider_records(const std::string& project, const ProviderRecords& records,
                            const HostPaths& paths);

}  // namespace stack::orchestrator
