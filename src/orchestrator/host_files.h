// SPDX-License-Identifier: Apache-2.0
// Files of the host whose text becomes part of a container: sources of configs and secrets, seccomp
// profiles. Read once, before anything is decided.
#pragma once

#include <set>
#include <string>

#include "orchestrator/preflight.h"
#include "spec/model.h"

namespace stack::orchestrator {

/// Absolute path of a service's seccomp profile; empty when it names none.
std::string seccomp_file(const spec::Project& project, const spec::Service& service);

/// Reads what `services` need. What cannot be read is told by `problems`, each at its line.
HostFiles read_host_files(const spec::Project& project, const std::set<std::string>& services,
                          std::vector<Problem>& problems);

}  // namespace stack::orchestrator
