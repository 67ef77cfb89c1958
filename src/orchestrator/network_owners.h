// SPDX-License-Identifier: Apache-2.0
// The supervisors of stacks that have networks which containers of another stack are about to join.
// A container cannot start into a network whose stack does not run: its bridge is there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "supervisor/client.h"

namespace stack::orchestrator {

/// The names of those that it joins.
std::vector<std::string> networks_of(const supervisor::ContainerConfig& config);

/// With a client they stay: for as long as this lives, at least.
class NetworkOwners {
 public:
  /// On behalf of the containers of `project`.
  NetworkOwners(HostPaths paths, std::string project);

  /// Starts the supervisors of those of `networks` that are another stack's. One that there is not
  /// is left for the start to fail by. Throws Error.
  void hold(const std::vector<std::string>& networks);

 private:
  HostPaths paths_;
  std::string project_;
  std::map<std::string, supervisor::Client> owners_;  ///< by stack
};

}  // namespace stack::orchestrator
