// SPDX-License-Identifier: Apache-2.0
// Plans for containers that are there: kill, pause, unpause, start without a file, restart.
#include <algorithm>
#include <functional>

#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;

/// One-offs are their own person's to hold and to let go.
bool is_of(const ObservedContainer& container, const std::set<std::string>& services) {
  if (supervisor::is_one_off(container.config)) return false;
  return services.empty() || services.contains(container.config.service);
}

/// Of those named, those of which nothing runs but one-offs.
std::set<std::string> services_of_one_offs(const ObservedState& observed,
                                           std::set<std::string> services) {
  for (const auto& [name, container] : observed.containers)
    if (is_running(container) && !supervisor::is_one_off(container.config))
      services.erase(container.config.service);
  return services;
}

/// One step for each container that qualifies, none after another.
Plan at_once(const ObservedState& observed, const std::set<std::string>& services,
             const std::function<bool(const ObservedContainer&)>& qualifies,
             const std::function<Action(const std::string& name)>& action) {
  PlanBuilder builder;
  for (const auto& [name, container] : observed.containers) {
    if (is_of(container, services) && qualifies(container))
      builder.add(action(name), "asked for", {});
  }
  return builder.take();
}

class RestartPlanner {
 public:
  RestartPlanner(const ObservedState& observed, const RestartRequest& request)
      : observed_(observed), request_(request), services_(with_dependents()) {}

  Plan plan() {
    for (const auto& [name, container] : observed_.containers) restart(name, container);
    return builder_.take();
  }

 private:
  /// Repeats until nothing is added, because restarts spread.
  std::set<std::string> with_dependents() const {
    std::set<std::string> services = request_.services;
    if (services.empty()) return services;
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& [dependent, links] : request_.links) {
        const bool follows = std::ranges::any_of(
            links, [&](const auto& link) { return services.contains(link.first); });
        if (follows) grown |= services.insert(dependent).second;
      }
    }
    return services;
  }

  void restart(const std::string& name, const ObservedContainer& container) {
    if (!is_of(container, services_) || has_nothing_to_run(container)) return;
    if (!container.config.step.empty() || !container.config.place.empty()) return;
    if (!visited_.insert(name).second) return;
    std::vector<StepId> after = after_dependencies(container.config.service);
    const std::string because = reason(container.config.service);
    if (is_running(container))
      after = {builder_.add(StopContainer{name, request_.grace}, because, std::move(after))};
    started_[name] = builder_.add(StartContainer{name}, because, std::move(after));
  }

  std::string reason(const std::string& service) const {
    const bool named = request_.services.empty() || request_.services.contains(service);
    return named ? "asked for" : "depends on what is restarted";
  }

  std::vector<StepId> after_dependencies(const std::string& service) {
    std::vector<StepId> after;
    const auto links = request_.links.find(service);
    if (links == request_.links.end()) return after;
    for (const auto& [dependency, how] : links->second) {
      for (const auto& [name, container] : observed_.containers) {
        if (container.config.service != dependency) continue;
        restart(name, container);
        if (const auto start = started_.find(name); start != started_.end())
          after.push_back(awaited(service, name, how, start->second));
      }
    }
    return after;
  }

  /// The step after which `name` is as its dependent wants it.
  StepId awaited(const std::string& dependent, const std::string& name, const spec::Dependency& how,
                 StepId start) {
    if (how.condition == spec::Condition::service_started) return start;
    return builder_.add(AwaitCondition{name, how.condition, how.required},
                        dependent + " depends on it", {start});
  }

  const ObservedState& observed_;
  const RestartRequest& request_;
  std::set<std::string> services_;  ///< empty: all
  PlanBuilder builder_;
  std::set<std::string> visited_;
  std::map<std::string, StepId> started_;
};

}  // namespace

Plan plan_kill(const ObservedState& observed, const std::set<std::string>& services, int signal) {
  PlanBuilder builder;
  const auto alone = services_of_one_offs(observed, services);
  for (const auto& [name, container] : observed.containers) {
    const bool is_alone =
        supervisor::is_one_off(container.config) && alone.contains(container.config.service);
    if (is_running(container) && (is_alone || is_of(container, services)))
      builder.add(SignalContainer{name, signal}, "asked for", {});
  }
  return builder.take();
}

std::vector<std::string> in_phase(const ObservedState& observed,
                                  const std::set<std::string>& services, Phase phase) {
  std::vector<std::string> names;
  for (const auto& [name, container] : observed.containers)
    if (is_of(container, services) && container.status.phase == phase) names.push_back(name);
  return names;
}

Plan plan_pause(const ObservedState& observed, const std::set<std::string>& services) {
  return at_once(
      observed, services,
      [](const auto& container) { return container.status.phase == Phase::running; },
      [](const std::string& name) { return PauseContainer{name}; });
}

Plan plan_unpause(const ObservedState& observed, const std::set<std::string>& services) {
  return at_once(
      observed, services,
      [](const auto& container) { return container.status.phase == Phase::paused; },
      [](const std::string& name) { return UnpauseContainer{name}; });
}

namespace {

/// With what they depended on when their containers were made.
std::set<std::string> with_recorded_dependencies(const ObservedState& observed,
                                                 std::set<std::string> services) {
  for (bool grown = true; grown && !services.empty();) {
    grown = false;
    for (const auto& [name, container] : observed.containers) {
      if (!is_of(container, services)) continue;
      for (const auto& needed : recorded_dependencies(container))
        grown |= services.insert(needed).second;
    }
  }
  return services;
}

class StartPlanner {
 public:
  StartPlanner(const ObservedState& observed, const std::set<std::string>& services)
      : observed_(observed), services_(with_recorded_dependencies(observed, services)) {}

  Plan plan() {
    for (const auto& [name, container] : observed_.containers) start(name, container);
    return builder_.take();
  }

 private:
  void start(const std::string& name, const ObservedContainer& container) {
    if (!is_of(container, services_) || !visited_.insert(name).second) return;
    if (is_running(container) || has_nothing_to_run(container)) return;
    if (!container.config.step.empty() || !container.config.place.empty()) return;
    std::vector<StepId> after;
    for (const auto& needed : recorded_dependencies(container)) append_starts_of(needed, after);
    started_[name] = builder_.add(StartContainer{name}, "asked for", std::move(after));
  }

  void append_starts_of(const std::string& service, std::vector<StepId>& after) {
    for (const auto& [name, container] : observed_.containers) {
      if (container.config.service != service) continue;
      start(name, container);
      if (const auto step = started_.find(name); step != started_.end())
        after.push_back(step->second);
    }
  }

  const ObservedState& observed_;
  std::set<std::string> services_;  ///< empty: all
  PlanBuilder builder_;
  std::set<std::string> visited_;
  std::map<std::string, StepId> started_;
};

}  // namespace

Plan plan_start_made(const ObservedState& observed, const std::set<std::string>& services) {
  return StartPlanner(observed, services).plan();
}

Plan plan_restart(const ObservedState& observed, const RestartRequest& request) {
  return RestartPlanner(observed, request).plan();
}

}  // namespace stack::orchestrator
