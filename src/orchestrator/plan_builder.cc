// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/plan_builder.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

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

bool is_running(const supervisor::ObservedContainer& container) {
  return is_up(container.status.phase);
}

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
    if (is_running(container)) {
      const auto called = wanted.called.find(name);
      const StopContainer stop{called == wanted.called.end() ? name : called->second, wanted.grace};
      stops[name] = builder.add(stop, wanted.because, std::move(after));
    }
  };
  for (const auto& name : wanted.names) visit(name);
  return stops;
}

}  // namespace stack::orchestrator
