// SPDX-License-Identifier: Apache-2.0
// What of the kernel a container needs, and whether it is there: the substance of `stack doctor`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stack::runtime {

enum class FacilityState { ok, degraded, missing };

struct Facility {
  std::string name;  ///< "cgroup memory"
  FacilityState state = FacilityState::ok;
  std::string detail;  ///< what was found: "v1", "Operation not permitted"
  std::string cure;    ///< what to do; empty when ok
};

/// Tries each facility in a child process that leaves nothing behind. In a fixed order. `data`:
/// where layers and volumes are, or will be.
std::vector<Facility> facilities(const std::filesystem::path& data);

}  // namespace stack::runtime
