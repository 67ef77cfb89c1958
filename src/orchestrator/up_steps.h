// SPDX-License-Identifier: Apache-2.0
// The steps of an `up`, by what they are about.
#pragma once

#include <map>
#include <string>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

struct UpSteps {
  std::map<std::string, StepId> made;  ///< networks and volumes
  /// Containers, by the name that they have before.
  std::map<std::string, StepId> set_aside, stops, removed, created, started, settled;
};

}  // namespace stack::orchestrator
