// SPDX-License-Identifier: Apache-2.0
// What the planners share: a growing plan that remembers which step made what.
#pragma once

#include <map>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

class PlanBuilder {
 public:
  StepId add(Action action, std::string because, std::vector<StepId> after);
  /// Replaces the reason of a step added before.
  void explain(StepId step, std::string because) { plan_.steps[step].because = std::move(because); }
  Plan take() { return std::move(plan_); }

 private:
  Plan plan_;
};

/// Services that `container` was made to depend on, as its description tells (for plans without a
/// file).
std::vector<std::string> recorded_dependencies(const supervisor::ObservedContainer& container);

/// Adds a stop step for each running container of `names`, each after those that depend on it.
/// Returns the steps by container name.
std::map<std::string, StepId> add_stops(PlanBuilder& builder, const ObservedState& observed,
                                        const std::set<std::string>& names,
                                        std::optional<std::chrono::nanoseconds> grace,
                                        const std::string& because);

bool is_running(const supervisor::ObservedContainer& container);

}  // namespace stack::orchestrator
