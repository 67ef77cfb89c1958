// SPDX-License-Identifier: Apache-2.0
// What a container is called that nobody has given a host name, but that is in somebody's network.
#pragma once

#include <functional>
#include <string>

#include "base/host_paths.h"
#include "orchestrator/desired.h"

namespace stack::orchestrator {

/// The first twelve digits of a container's id: what it is called otherwise.
std::string hostname_of_id(const std::string& id);

/// As docker has it: in the host's network the host's name, in another container's network that
/// one's. Empty: it has a network of its own. `id_of`: the id that another container of `desired`
/// has or is going to have. One of another stack is asked while it runs.
std::string inherited_hostname(const DesiredContainer& wish, const DesiredState& desired,
                               const HostPaths& paths,
                               const std::function<std::string(const std::string& name)>& id_of);

}  // namespace stack::orchestrator
