// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/network_owners.h"

#include <utility>

#include "base/files.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

namespace stack::orchestrator {

std::vector<std::string> networks_of(const supervisor::ContainerConfig& config) {
  std::vector<std::string> names;
  for (const auto& endpoint : config.endpoints) names.push_back(endpoint.network);
  return names;
}

NetworkOwners::NetworkOwners(HostPaths paths, std::string project)
    : paths_(std::move(paths)), project_(std::move(project)) {}

void NetworkOwners::hold(const std::vector<std::string>& networks) {
  for (const auto& network : networks) {
    if (stack::exists(supervisor::ProjectFiles{paths_, project_}.network(network))) continue;
    const auto owner = supervisor::find_network_owner(paths_, network, project_);
    if (!owner || owners_.contains(*owner)) continue;
    owners_.emplace(*owner, supervisor::Client::connect_or_start(paths_, *owner));
  }
}

}  // namespace stack::orchestrator
