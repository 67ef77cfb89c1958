// SPDX-License-Identifier: Apache-2.0
// The steps of an `up`, by what they are about.
#pragma once

#include <map>
#include <string>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

struct UpSteps {
  std::map<std::string, StepId> made;  ///< networks and volumes
  /// Containers, by the name that they have before; `set_aside`: by their successor's.
  std::map<std::string, StepId> set_aside, updated, stops, removed, created, started, settled;
  /// Of `made`, networks that took another one's place; of `updated`, those whose health is checked
  /// anew; of `removed`, those that are there until all have settled.
  std::map<std::string, StepId> remade, rechecked, spared;
  /// Of what takes another one's place: where that one's end begins, and what decides of all of
  /// them.
  std::map<std::string, StepId> let_go, judged;
  /// Of containers that were set aside: where they are removed for good, by the name that they have
  /// before, and the rescue that brings them back instead, by their successor's.
  std::map<std::string, StepId> forgotten, brought_back;
};

}  // namespace stack::orchestrator
