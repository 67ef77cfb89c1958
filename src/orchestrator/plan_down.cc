// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

bool is_orphan(const supervisor::ObservedContainer& container, const DownPolicy& policy) {
  return !policy.known_services.empty() &&
         !policy.known_services.contains(container.config.service);
}

/// `down web` takes web's dependents down too: they could not live without it.
std::set<std::string> with_dependents(const ObservedState& observed,
                                      std::set<std::string> services) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [name, container] : observed.containers) {
      for (const auto& dependency : recorded_dependencies(container)) {
        if (services.contains(dependency))
          grown |= services.insert(container.config.service).second;
      }
    }
  }
  return services;
}

std::set<std::string> leaving_containers(const ObservedState& observed, const DownPolicy& policy) {
  const auto services = with_dependents(observed, policy.services);
  std::set<std::string> names;
  for (const auto& [name, container] : observed.containers) {
    if (!services.empty() && !services.contains(container.config.service)) continue;
    if (policy.inactive_services.contains(container.config.service)) continue;
    if (supervisor::is_one_off(container.config) && policy.orphans == Orphans::leave) continue;
    if (is_orphan(container, policy) && policy.orphans == Orphans::leave) continue;
    names.insert(name);
  }
  return names;
}

/// Whether it ended by itself or was stopped: what it holds is for others.
bool is_done_holding(const supervisor::ObservedContainer& container) {
  const auto& status = container.status;
  return container.config.data_container &&
         (status.phase == supervisor::Phase::created ||
          (status.phase == supervisor::Phase::exited && status.exit_code.value_or(0) == 0));
}

/// Volumes that go with these containers: anonymous ones of all but data containers, whose whole
/// purpose is to keep them; with -v those too, and the named ones of the project.
std::set<std::string> leaving_volumes(const ObservedState& observed, const DownPolicy& policy,
                                      const std::set<std::string>& containers) {
  std::set<std::string> kept_services, names;
  for (const auto& name : containers) {
    const auto& container = observed.containers.at(name);
    if (is_done_holding(container)) kept_services.insert(container.config.service);
  }
  if (policy.volumes) names.insert(policy.volume_names.begin(), policy.volume_names.end());
  std::set<std::string> services;
  for (const auto& name : containers) {
    const auto& config = observed.containers.at(name).config;
    if (!supervisor::is_one_off(config)) services.insert(config.service);
  }
  for (const auto& [name, volume] : observed.volumes) {
    const auto owner = volume.labels.find("stack.service");
    if (owner == volume.labels.end() || !is_of_project(volume, policy.project)) continue;
    if (const auto run = volume.labels.find("stack.container"); run != volume.labels.end()) {
      if (containers.contains(run->second) ||
          (policy.volumes && !observed.containers.contains(run->second)))
        names.insert(name);
      continue;
    }
    const bool leaves =
        policy.volumes ? policy.services.empty() || services.contains(owner->second)
                       : services.contains(owner->second) && !kept_services.contains(owner->second);
    if (leaves) names.insert(name);
  }
  std::erase_if(names, [&](const auto& name) { return !observed.volumes.contains(name); });
  return names;
}

bool still_used(const ObservedState& observed, const std::set<std::string>& leaving,
                const std::string& network) {
  return std::ranges::any_of(observed.containers, [&](const auto& each) {
    const bool stays = !leaving.contains(each.first) &&
                       (!supervisor::is_one_off(each.second.config) || is_running(each.second));
    return stays && std::ranges::any_of(each.second.config.endpoints, [&](const auto& endpoint) {
             return endpoint.network == network;
           });
  });
}

}  // namespace

Plan plan_down(const ObservedState& observed, const DownPolicy& policy) {
  PlanBuilder builder;
  const auto leaving = leaving_containers(observed, policy);
  const auto stops = add_stops(builder, observed, {leaving, policy.grace, "down"});
  std::vector<StepId> removals;
  for (const auto& name : leaving) {
    std::vector<StepId> after;
    if (const auto stop = stops.find(name); stop != stops.end()) after.push_back(stop->second);
    removals.push_back(builder.add(RemoveContainer{name}, "down", std::move(after)));
  }
  std::vector<std::string> networks_in_use;
  for (const auto& [name, network] : observed.networks) {
    if (!policy.services.empty()) continue;
    if (!network.guests.empty() || still_used(observed, leaving, name)) {
      networks_in_use.push_back(name);
    } else {
      builder.add(RemoveNetwork{name}, "down", removals);
    }
  }
  for (const auto& name : leaving_volumes(observed, policy, leaving)) {
    const bool for_good = policy.now || !policy.volumes;
    builder.add(RemoveVolume{name, for_good}, policy.volumes ? "down -v" : "anonymous", removals);
  }
  Plan plan = builder.take();
  plan.networks_in_use = std::move(networks_in_use);
  for (const auto& [name, container] : observed.containers) {
    const bool is_strange =
        is_orphan(container, policy) || supervisor::is_one_off(container.config);
    if (is_strange && !leaving.contains(name)) plan.orphans.push_back(name);
  }
  return plan;
}

Plan plan_stop(const ObservedState& observed, const std::set<std::string>& services,
               std::optional<std::chrono::nanoseconds> grace) {
  PlanBuilder builder;
  std::set<std::string> names;
  for (const auto& [name, container] : observed.containers) {
    if (supervisor::is_one_off(container.config)) continue;
    if (services.empty() || services.contains(container.config.service)) names.insert(name);
  }
  add_stops(builder, observed, {names, grace, "asked for"});
  return builder.take();
}

}  // namespace stack::orchestrator
