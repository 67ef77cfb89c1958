// SPDX-License-Identifier: Apache-2.0
// What the planners share: a growing plan that remembers which step made what.
#pragma once

#include <map>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

class PlanBuilder {
 public:
  StepId add(Action action, std::string because, std::vector<StepId> after);
  /// A step that is taken only when one of `steps` did not succeed.
  StepId add_rescue(Action action, std::string because, std::vector<StepId> after,
                    std::vector<StepId> steps);
  /// Replaces the reason of a step added before.
  void explain(StepId step, std::string because) { plan_.steps[step].because = std::move(because); }
  /// A step that is taken when all of `follows` are over and at most `bearable` of them failed.
  StepId add_gate(Action action, std::string because, std::vector<StepId> follows,
                  std::size_t bearable);
  /// `step` is not taken before `others` are over, whatever became of them.
  void put_behind(StepId step, std::vector<StepId> others);
  /// `step` is not taken before `other`, which must not depend on it.
  void put_after(StepId step, StepId other) { plan_.steps[step].after.push_back(other); }
  /// Whether `step` can only be taken after `other`.
  bool depends(StepId step, StepId other) const;
  /// The plan, in a topological order: as they were added, where that is one. Throws Error when
  /// steps wait for each other in a circle: such a plan is a mistake of its planner.
  Plan take();

 private:
  Plan plan_;
};

/// Services that `container` was made to depend on, as its description tells (for plans without a
/// file).
std::vector<std::string> recorded_dependencies(const supervisor::ObservedContainer& container);

struct Stops {
  std::set<std::string> names;
  std::optional<std::chrono::nanoseconds> grace = {};
  std::string because = {};
  std::map<std::string, std::string> called = {};         ///< what some are called by then
  std::map<std::string, std::vector<StepId>> after = {};  ///< steps before some
};
/// Adds a stop step for each running container of `stops`, each after those that depend on it.
/// Returns the steps by container name.
std::map<std::string, StepId> add_stops(PlanBuilder& builder, const ObservedState& observed,
                                        const Stops& stops);

bool is_running(const supervisor::ObservedContainer& container);

}  // namespace stack::orchestrator
