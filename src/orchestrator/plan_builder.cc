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

bool is_running(const supervisor::ObservedContainer& container) {
  return is_up(container.status.phase);
}

std::vector<std::string> recorded_dependencies(const supervisor::ObservedContainer& container) {
  const auto json = nlohmann::json::parse(container.config.applied, nullptr, false);
  if (!json.is_object() || !json.contains("depends_on")) return {};
  return json["depends_on"].get<std::vector<std::string>>();
}

std::map<std::string, StepId> add_stops(PlanBuilder& builder, const ObservedState& observed,
                                        const std::set<std::string>& names,
                                        std::optional<std::chrono::nanoseconds> grace,
                                        const std::string& because) {
  std::map<std::string, std::vector<std::string>> dependents;  // service -> containers
  for (const auto& name : names) {
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
    for (const auto& dependent : dependents[container.config.service]) {
      visit(dependent);
      if (const auto stop = stops.find(dependent); stop != stops.end())
        after.push_back(stop->second);
    }
    if (is_running(container)) {
      stops[name] = builder.add(StopContainer{name, grace}, because, std::move(after));
    }
  };
  for (const auto& name : names) visit(name);
  return stops;
}

}  // namespace stack::orchestrator
