// SPDX-License-Identifier: Apache-2.0
// What follows for a service from all networks of a project together. Pure.
#pragma once

#include <map>
#include <string>

#include "orchestrator/desired.h"

namespace stack::orchestrator {

/// "host", "none", or nothing for a network that is made.
std::string mode_of(const spec::Network& network);

/// The service as it is run: in a network of driver `host` or `none` it has that network_mode
/// instead, and a port without an address has the one that its network's options name.
spec::Service with_networks_settled(const spec::Project& project, const spec::Service& service);

/// By container name and network key. Every container of the project is counted, whether it is
/// asked for or not: so each has the same address every time.
std::map<std::string, std::map<std::string, AddressWish>> address_wishes(
    const spec::Project& project);

}  // namespace stack::orchestrator
