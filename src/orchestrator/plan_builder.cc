// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/plan_builder.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace stack::orchestrator {

StepId PlanBuilder::add(Action action, std::string because, std::vector<StepId> after) {
  std::ranges::sort(after);
  after.erase(std::unique(after.begin(), after.end()), after.end());
  plan_.steps.push_back({std::move(action), std::move(because), std::move(after)});
  return plan_.steps.size() - 1;
}

StepId PlanBuilder::add_rescue(Action action, std::string because, std::vector<StepId> after,
                               std::vector<StepId> steps) {
  const StepId step = add(std::move(action), std::move(because), std::move(after));
  std::ranges::sort(steps);
  plan_.steps[step].rescues = std::move(steps);
  return step;
}

StepId PlanBuilder::add_gate(Action action, std::string because, std::vector<StepId> follows,
                             std::size_t bearable) {
  const StepId step = add(std::move(action), std::move(because), {});
  std::ranges::sort(follows);
  plan_.steps[step].follows = std::move(follows);
  plan_.steps[step].bearable = bearable;
  return step;
}

void PlanBuilder::put_behind(StepId step, std::vector<StepId> others) {
  plan_.steps[step].bearable = others.size();
  plan_.steps[step].follows = std::move(others);
}

bool PlanBuilder::depends(StepId step, StepId other) const {
  std::vector<bool> seen(plan_.steps.size());
  std::vector<StepId> open{step};
  while (!open.empty()) {
    const StepId each = open.back();
    open.pop_back();
    if (each == other) return true;
    if (seen[each]) continue;
    seen[each] = true;
    for (const auto* before : {&plan_.steps[each].after, &plan_.steps[each].follows})
      open.insert(open.end(), before->begin(), before->end());
  }
  return false;
}

namespace {

/// Depth first, in the order of their numbers: each step after all that it comes after.
class TopologicalOrder {
 public:
  /// Throws Error when there is none.
  explicit TopologicalOrder(const std::vector<Step>& steps) : steps_(steps), seen_(steps.size()) {
    for (StepId id = 0; id < steps.size(); ++id) visit(id);
  }
  const std::vector<StepId>& ids() const { return ids_; }

 private:
  void visit(StepId id) {
    if (seen_[id] == Seen::whole) return;
    if (seen_[id] == Seen::begun) fail_at(id);
    seen_[id] = Seen::begun;
    begun_.push_back(id);
    const Step& step = steps_[id];
    for (const auto* before : {&step.after, &step.follows, &step.rescues})
      for (const StepId each : *before) visit(each);
    begun_.pop_back();
    seen_[id] = Seen::whole;
    ids_.push_back(id);
  }

  [[noreturn]] void fail_at(StepId id) const {
    std::string circle;
    for (auto each = std::ranges::find(begun_, id); each != begun_.end(); ++each)
      circle += to_text(steps_[*each].action) + " after ";
    fail("internal error: the plan goes round in a circle: {}{}", circle,
         to_text(steps_[id].action));
  }

  enum class Seen : std::uint8_t { not_yet, begun, whole };

  const std::vector<Step>& steps_;
  std::vector<Seen> seen_;
  std::vector<StepId> begun_;  ///< each waits for the next one
  std::vector<StepId> ids_;
};

}  // namespace

Plan PlanBuilder::take() {
  const std::vector<StepId> order = TopologicalOrder(plan_.steps).ids();
  std::vector<StepId> place(order.size());
  for (StepId id = 0; id < order.size(); ++id) place[order[id]] = id;
  Plan sorted;
  for (const StepId id : order) {
    Step& step = plan_.steps[id];
    for (auto* before : {&step.after, &step.follows, &step.rescues}) {
      for (StepId& each : *before) each = place[each];
      std::ranges::sort(*before);
    }
    sorted.steps.push_back(std::move(step));
  }
  return sorted;
}

bool is_running(const supervisor::ObservedContainer& container) {
  return is_up(container.status.phase);
}

namespace {

/// A supervisor that finds it so does what its restart policy says.
bool may_come_back(const supervisor::ObservedContainer& container) {
  using supervisor::RestartKind;
  const supervisor::ContainerStatus& status = container.status;
  if (status.phase != supervisor::Phase::exited || status.stopped_by_user) return false;
  const RestartKind kind = container.config.restart.kind;
  return kind == RestartKind::always || kind == RestartKind::unless_stopped ||
         (kind == RestartKind::on_failure && !status.exit_code);
}

}  // namespace

std::vector<std::string> recorded_dependencies(const supervisor::ObservedContainer& container) {
  const auto json = nlohmann::json::parse(container.config.applied, nullptr, false);
  if (!json.is_object() || !json.contains("depends_on")) return {};
  return json["depends_on"].get<std::vector<std::string>>();
}

std::map<std::string, StepId> add_stops(PlanBuilder& builder, const ObservedState& observed,
                                        const Stops& wanted) {
  std::map<std::string, std::vector<std::string>> dependents;  // service -> containers
  for (const auto& name : wanted.names) {
    for (const auto& service : recorded_dependencies(observed.containers.at(name))) {
      dependents[service].push_back(name);
    }
  }
  std::map<std::string, StepId> stops;
  std::set<std::string> visited;
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    if (!visited.insert(name).second) return;
    const auto& container = observed.containers.at(name);
    std::vector<StepId> after;
    if (const auto first = wanted.after.find(name); first != wanted.after.end())
      after = first->second;
    for (const auto& dependent : dependents[container.config.service]) {
      visit(dependent);
      if (const auto stop = stops.find(dependent); stop != stops.end())
        after.push_back(stop->second);
    }
    if (is_running(container) || may_come_back(container)) {
      const auto called = wanted.called.find(name);
      const StopContainer stop{called == wanted.called.end() ? name : called->second, wanted.grace};
      stops[name] = builder.add(stop, wanted.because, std::move(after));
    }
  };
  for (const auto& name : wanted.names) visit(name);
  return stops;
}

}  // namespace stack::orchestrator
