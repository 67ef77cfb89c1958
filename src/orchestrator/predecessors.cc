// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/predecessors.h"

#include <utility>

namespace stack::orchestrator {
namespace {

using Replica = std::pair<std::string, int>;  // service, number

/// By what it is: who is there under a name that nobody is wished to have. Who is aside has shown
/// that it can do the work, and the one before it in the list has yet to.
std::map<Replica, std::string> unwished(const DesiredState& desired,
                                        const ObservedState& observed) {
  std::map<Replica, std::string> found;
  for (const auto& [name, container] : observed.containers) {
    const supervisor::ContainerConfig& config = container.config;
    if (!config.step.empty() || desired.containers.contains(name) ||
        desired.containers.contains(config.place))
      continue;
    const auto [entry, fresh] = found.try_emplace({config.service, config.number}, name);
    if (!fresh && !config.place.empty()) entry->second = name;
  }
  return found;
}

std::set<std::string> places_of_those_aside(const ObservedState& observed) {
  std::set<std::string> places;
  for (const auto& [name, container] : observed.containers) places.insert(container.config.place);
  return places;
}

}  // namespace

std::map<std::string, std::string> find_predecessors(const DesiredState& desired,
                                                     const ObservedState& observed) {
  const auto candidates = unwished(desired, observed);
  const auto places = places_of_those_aside(observed);
  std::map<std::string, std::string> predecessors;
  for (const auto& [name, wish] : desired.containers) {
    const bool has_another = observed.containers.contains(name) || places.contains(name);
    if (has_another || !wish.step.empty() || wish.one_off) continue;
    const auto found = candidates.find({wish.service, wish.number});
    if (found != candidates.end()) predecessors.emplace(name, found->second);
  }
  return predecessors;
}

void keep_name(DesiredState& desired, const std::string& name, const std::string& predecessor) {
  auto node = desired.containers.extract(name);
  node.key() = node.mapped().name = predecessor;
  desired.containers.insert(std::move(node));
  for (auto& [other, wish] : desired.containers)
    for (auto& [kind, host] : wish.shares)
      if (host == name) host = predecessor;
}

}  // namespace stack::orchestrator
