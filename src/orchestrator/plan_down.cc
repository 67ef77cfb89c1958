// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

bool is_orphan(const supervisor::ObservedContainer& container, const DownPolicy& policy) {
  return !policy.known_services.empty() &&
         !policy.known_services.contains(container.config.service);
}

std::set<std::string> leaving_containers(const ObservedState& observed, const DownPolicy& policy) {
  const auto& services = policy.services;
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

/// Whoever has not run for longer than this may be about to end, as a data container does.
constexpr auto too_short_to_tell = std::chrono::seconds(10);

std::chrono::system_clock::duration last_run(const supervisor::ContainerStatus& status,
                                             std::chrono::system_clock::time_point now) {
  return (supervisor::is_up(status.phase) ? now : status.finished) - status.started;
}

/// Whether what it holds is for others. One that has ended with 0 by itself, ever, is no server;
/// who was killed before that could be seen is not taken for one.
bool holds_for_others(const supervisor::ObservedContainer& container, const DownPolicy& policy) {
  const auto& status = container.status;
  if (!container.config.data_container) return false;
  const bool has_ended = status.phase == supervisor::Phase::exited;
  return status.phase == supervisor::Phase::created || status.ended_well ||
         (has_ended && status.exit_code.value_or(0) == 0) ||
         last_run(status, policy.looked_at) < too_short_to_tell;
}

/// Whether any container that stays has it, of this stack or another one.
bool is_had_by_who_stays(const ObservedState& observed, const DownPolicy& policy,
                         const std::set<std::string>& leaving, const volumes::VolumeInfo& volume) {
  const auto stays = [&](const std::string& name) { return !leaving.contains(name); };
  const auto users = policy.volume_users.find(volume.name);
  if (users != policy.volume_users.end() && std::ranges::any_of(users->second, stays)) return true;
  return std::ranges::any_of(observed.containers, [&](const auto& each) {
    return stays(each.first) && has_volume(each.second, volume);
  });
}

/// What those that leave have in common, as far as it decides about anonymous volumes.
struct Leaving {
  std::set<std::string> containers;
  std::set<std::string> services;       ///< of which containers leave that are no one-offs
  std::set<std::string> data_services;  ///< of data containers, whose whole purpose is to keep them
};

Leaving leaving_of(const ObservedState& observed, const DownPolicy& policy,
                   const std::set<std::string>& containers) {
  Leaving leaving{containers, {}, {}};
  for (const auto& name : containers) {
    const auto& container = observed.containers.at(name);
    if (holds_for_others(container, policy)) leaving.data_services.insert(container.config.service);
    if (!supervisor::is_one_off(container.config))
      leaving.services.insert(container.config.service);
  }
  return leaving;
}

bool is_kept_as_asked(const volumes::VolumeInfo& volume) {
  const auto kept = volume.labels.find(kept_label);
  return kept != volume.labels.end() && kept->second == kept_as_asked;
}

/// An anonymous volume goes with its container; that of a data container, or of a service that
/// keeps its own, only with -v. With -v those go too whose containers are gone already.
bool goes_with_its_service(const volumes::VolumeInfo& volume, const std::string& service,
                           const DownPolicy& policy, const Leaving& leaving) {
  if (leaving.services.contains(service))
    return policy.volumes ||
           (!leaving.data_services.contains(service) && !is_kept_as_asked(volume));
  const bool is_known = policy.known_services.empty() || policy.known_services.contains(service);
  return policy.volumes && policy.services.empty() && is_known &&
         !policy.inactive_services.contains(service);
}

bool goes_with_its_run(const std::string& run, const ObservedState& observed,
                       const DownPolicy& policy, const Leaving& leaving) {
  return leaving.containers.contains(run) || (policy.volumes && !observed.containers.contains(run));
}

/// Anonymous volumes that go with these containers.
std::set<std::string> leaving_anonymous(const ObservedState& observed, const DownPolicy& policy,
                                        const std::set<std::string>& containers) {
  const Leaving leaving = leaving_of(observed, policy, containers);
  std::set<std::string> names;
  for (const auto& [name, volume] : observed.volumes) {
    const auto owner = volume.labels.find("stack.service");
    if (owner == volume.labels.end() || !is_of_project(volume, policy.project)) continue;
    const auto run = volume.labels.find("stack.container");
    const bool goes = run != volume.labels.end()
                          ? goes_with_its_run(run->second, observed, policy, leaving)
                          : goes_with_its_service(volume, owner->second, policy, leaving);
    if (goes) names.insert(name);
  }
  return names;
}

/// Those of the project that a `down -v` of these services would take.
std::set<std::string> named_volumes(const ObservedState& observed, const DownPolicy& policy) {
  std::set<std::string> names;
  for (const auto& name : policy.volume_names)
    if (observed.volumes.contains(name)) names.insert(name);
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
  std::vector<std::string> volumes_in_use, volumes_kept;
  auto volumes = leaving_anonymous(observed, policy, leaving);
  volumes.merge(named_volumes(observed, policy));
  const auto& named = policy.volume_names;
  for (const auto& name : volumes) {
    const bool is_named = std::ranges::find(named, name) != named.end();
    if (is_had_by_who_stays(observed, policy, leaving, observed.volumes.at(name))) {
      if (policy.volumes) volumes_in_use.push_back(name);
    } else if (is_named && !policy.volumes) {
      volumes_kept.push_back(name);
    } else {
      builder.add(RemoveVolume{name, policy.now}, policy.volumes ? "down -v" : "anonymous",
                  removals);
    }
  }
  Plan plan = builder.take();
  plan.networks_in_use = std::move(networks_in_use);
  plan.volumes_in_use = std::move(volumes_in_use);
  plan.volumes_kept = std::move(volumes_kept);
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
