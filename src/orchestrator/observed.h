// SPDX-License-Identifier: Apache-2.0
// What is: a snapshot read from disk and kernel, after which nothing more is asked of the world
// until the plan is carried out.
#pragma once

#include <map>
#include <set>
#include <string>

#include "supervisor/status.h"
#include "volumes/volume_store.h"

namespace stack::orchestrator {

struct ObservedState {
  supervisor::TimePoint seen{};                                     ///< when
  std::map<std::string, supervisor::ObservedContainer> containers;  ///< by name
  std::map<std::string, supervisor::ObservedNetwork> networks;      ///< by name
  std::map<std::string, volumes::VolumeInfo> volumes;  ///< by name; those of every project
};

/// Made for that project, as docker compose marks it.
inline bool is_of_project(const volumes::VolumeInfo& volume, const std::string& project) {
  const auto owner = volume.labels.find("com.docker.compose.project");
  return owner != volume.labels.end() && owner->second == project;
}

}  // namespace stack::orchestrator
