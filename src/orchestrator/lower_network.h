// SPDX-License-Identifier: Apache-2.0
// What a file says about a network and about a service's place in it, as plain data for the
// supervisor; and all that is wrong with it. Pure.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/desired.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// Something to tell about a place of the file.
struct NetworkFinding {
  std::string path;  ///< for the source map: "networks.front.ipam.config.0.subnet"
  std::string message;
  std::string hint{};
};

struct NetworkFindings {
  std::vector<NetworkFinding> errors;
  std::vector<NetworkFinding> warnings;
};

/// The network as the file has it; subnets that it leaves open have prefix 0. What is wrong is left
/// out of it and told in `findings`.
network::NetworkSpec read_network(const DesiredNetwork& wish, NetworkFindings& findings);

/// The networks that a container joins, in the order of joining: by priority, then by key.
std::vector<supervisor::Endpoint> endpoints_of(const DesiredContainer& wish,
                                               const std::string& short_id);

/// Everything that is wrong with networks and with services' places in them, as far as the file
/// alone shows it.
NetworkFindings check_networks(const DesiredState& desired);

}  // namespace stack::orchestrator
