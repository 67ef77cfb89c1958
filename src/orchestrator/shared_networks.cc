// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/shared_networks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "orchestrator/host_networks.h"
#include "orchestrator/lower.h"
#include "orchestrator/native_engine.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/project_lock.h"
#include "orchestrator/provider_use.h"
#include "supervisor/project_files.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;

/// What its owner's file says of it; null when that cannot be told.
Json description(const HostPaths& paths, const SharedNetwork& network) {
  const auto record = supervisor::read_network_record({paths, network.owner}, network.name);
  return record ? Json::parse(record->config.applied, nullptr, false) : Json();
}

bool is_shared(const HostPaths& paths, const SharedNetwork& network) {
  const Json said = description(paths, network);
  return said.is_object() && said.value("shared", false);
}

/// The keys in which the two differ, but for what the network is called in each file.
std::vector<std::string> differences(Json theirs, Json ours) {
  std::set<std::string> keys;
  for (const Json* side : {&theirs, &ours})
    for (const auto& [key, value] : side->items()) keys.insert(key);
  keys.erase("key");
  std::vector<std::string> differing;
  for (const std::string& key : keys)
    if (theirs[key] != ours[key]) differing.push_back(key == "shared" ? "x-stack.shared" : key);
  return differing;
}

Execution take_away(const SharedNetwork& network, const FileLock& lock, NativeEngine& engine,
                    Host& host) {
  PlanBuilder plan;
  plan.add(RemoveNetwork{network.name}, "down", {});
  Execution execution = execute(plan.take(), engine, host.report, host.interrupted, host.at_once);
  if (!execution.succeeded() || !engine.nothing_left()) return execution;
  engine.shut_down_supervisor();
  if (read_provider_variables(network.owner, host.paths).empty())
    remove_project_directories(host.paths, network.owner, lock);
  return execution;
}

/// Under its owner's lock all is looked at that speaks against it.
Execution remove_if_unused(const SharedNetwork& network, Host& host) {
  if (!stack::exists(host.paths.project_data(network.owner))) return {};
  const FileLock lock =
      lock_project(host.paths, network.owner, {"stack down"}, host.waiting, host.interrupted);
  const DesiredState nothing{network.owner, "", {}, {}, {}, {}};
  NativeEngine engine(host.paths, nothing);
  const ObservedState observed = engine.observe();
  if (observed.containers.empty() && observed.networks.empty()) {
    // Its owner's `down` was faster; what is left is the lock that we have made.
    remove_project_directories(host.paths, network.owner, lock);
    return {};
  }
  const auto found = observed.networks.find(network.name);
  const bool stays =
      found == observed.networks.end() || !found->second.guests.empty() ||
      !observed.containers.empty() ||
      networks_in_use(host.paths, supervisor::Unreadable::is_left_out).contains(network.name);
  return stays ? Execution{} : take_away(network, lock, engine, host);
}

/// Only somebody who was killed leaves this: nothing but the lock.
void sweep_sharing_lock(const Host& host) {
  const std::string project = supervisor::lone_networks_project;
  if (!stack::exists(host.paths.project_run(project)) ||
      stack::exists(host.paths.project_data(project)))
    return;
  const SharingLock lock(host);
}

}  // namespace

std::set<std::string> shared_networks_to_make(const DesiredState& desired, const Changes& changes) {
  std::set<std::string> names;
  for (const auto& [name, network] : desired.networks) {
    const auto change = changes.networks.find(name);
    if (network.model.shared && network.is_own() && change != changes.networks.end() &&
        change->second.verdict == Verdict::create)
      names.insert(name);
  }
  return names;
}

SharingLock::SharingLock(const Host& host)
    : paths_(host.paths),
      lock_(lock_project(host.paths, supervisor::lone_networks_project, {"stack up"}, host.waiting,
                         host.interrupted)) {}

SharingLock::~SharingLock() {
  const std::string project = supervisor::lone_networks_project;
  try {
    if (!stack::exists(paths_.project_data(project)))
      remove_project_directories(paths_, project, lock_);
  } catch (const std::exception&) {
    // An empty directory stays, until the next one that shares.
  }
}

SharingReport::SharingReport(Report& listener, std::set<std::string> networks,
                             std::optional<SharingLock>& lock)
    : ForwardingReport(listener), waiting_for_(std::move(networks)), lock_(lock) {}

void SharingReport::step_ends(StepId id, const Step& step, StepResult result,
                              const std::string& text) {
  if (const auto* made = std::get_if<CreateNetwork>(&step.action)) waiting_for_.erase(made->name);
  if (waiting_for_.empty()) lock_.reset();
  ForwardingReport::step_ends(id, step, result, text);
}

std::vector<Problem> differently_shared(const HostPaths& paths, const DesiredState& desired) {
  std::vector<Problem> warnings;
  for (const auto& [name, network] : desired.networks) {
    if (!network.model.shared || network.owner.empty()) continue;
    const Json theirs = description(paths, {network.owner, name});
    if (!theirs.is_object()) continue;
    const auto differing = differences(theirs, Json::parse(describe(network)));
    if (differing.empty()) continue;
    warnings.push_back(
        {fmt::format("network {} is there already as stack \"{}\" wants it, which differs in: {}",
                     name, network.owner, fmt::join(differing, ", ")),
         desired.sources.find("networks." + network.key),
         "say the same in both files, or call it by another name"});
  }
  return warnings;
}

std::set<SharedNetwork> shared_with_others(const HostPaths& paths, const std::string& name,
                                           const spec::Project* project) {
  const auto projects = supervisor::list_projects(paths);
  if (std::ranges::all_of(projects, [&](const auto& each) { return each == name; })) return {};
  std::set<std::string> candidates;
  for (const auto& each : supervisor::read_containers(paths, name, supervisor::ConfigParts::summary,
                                                      supervisor::Unreadable::is_left_out))
    for (const auto& endpoint : each.config.endpoints) candidates.insert(endpoint.network);
  if (project != nullptr)
    for (const auto& [key, network] : project->networks)
      if (network.shared) candidates.insert(network.name);
  std::set<SharedNetwork> shared;
  for (const std::string& network : candidates) {
    const auto owner = supervisor::find_network_owner(paths, network, name);
    if (owner && is_shared(paths, {*owner, network})) shared.insert({*owner, network});
  }
  return shared;
}

Execution remove_unused(const std::set<SharedNetwork>& networks, Host& host) {
  Execution total;
  for (const SharedNetwork& network : networks) {
    Execution execution = remove_if_unused(network, host);
    std::ranges::move(execution.errors, std::back_inserter(total.errors));
    total.interrupted = total.interrupted || execution.interrupted;
  }
  sweep_sharing_lock(host);
  return total;
}

}  // namespace stack::orchestrator
