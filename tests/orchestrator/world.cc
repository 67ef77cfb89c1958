// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "base/error.h"
#include "builders.h"
#include "orchestrator/lower.h"

namespace stack::orchestrator::testing {

void World::perform(StepId step, const Action& action) {
  performed.push_back(to_text(action));
  if (failing.contains(step)) {
    ended_.push_back({step, Error("as the test wants it"), ""});
    return;
  }
  std::visit([&](const auto& it) { apply(it); }, action);
  ended_.push_back({step, std::nullopt, ""});
}

std::optional<Outcome> World::next(std::chrono::milliseconds) {
  if (ended_.empty()) return std::nullopt;
  Outcome outcome = std::move(ended_.front());
  ended_.pop_front();
  return outcome;
}

/// Nothing of theirs is in here.
void World::apply(const RunProvider& /*action*/) {}

void World::apply(const CreateNetwork& action) {
  if (action.as_before) {
    state_.networks[action.name].config = before_.networks.at(action.name).config;
    return;
  }
  state_.networks[action.name].config = lower(wish_.networks.at(action.name));
}
void World::apply(const RemoveNetwork& action) {
  for (const auto& [name, container] : state_.containers) {
    if (container.status.phase != supervisor::Phase::running) continue;
    for (const auto& endpoint : container.config.endpoints) {
      if (endpoint.network == action.name) fail("network {} is used by {}", action.name, name);
    }
  }
  state_.networks.erase(action.name);
}
void World::apply(const CreateVolume& action) {
  const auto wish = wish_.volumes.find(action.name);
  state_.volumes[action.name] = {
      action.name,
      wish == wish_.volumes.end() ? std::map<std::string, std::string>{} : wish->second.labels,
      {},
      "/volumes/" + action.name};
}
void World::apply(const RemoveVolume& action) {
  state_.volumes.erase(action.name);
}
void World::apply(const CreateContainer& action) {
  const DesiredContainer& wish = wish_.containers.at(action.name);
  for (const auto& [key, network] : wish.network_names) {
    if (!state_.networks.contains(network)) fail("no network {}", network);
  }
  for (const auto& volume : wish.volume_names) {
    if (!state_.volumes.contains(volume)) fail("no volume {}", volume);
  }
  auto container = observed(wish);
  container.status.phase = supervisor::Phase::created;
  container.status.process = {};
  container.status.health = supervisor::Health::none;
  if (!state_.containers.emplace(action.name, std::move(container)).second)
    fail("{} exists", action.name);
}
void World::apply(const UpdateContainer& action) {
  auto& container = state_.containers.at(action.name);
  if (action.as_before) {
    container.config = before_.containers.at(action.name).config;
    return;
  }
  if (!is_up(container.status.phase)) fail("{} does not run", action.name);
  lower_changeable(wish_.containers.at(action.name), container.config);
}
void World::apply(const StartContainer& action) {
  auto& status = state_.containers.at(action.name).status;
  status.phase = supervisor::Phase::running;
  status.stopped_by_user = false;
  status.process = {100, 1};
}
void World::apply(const StopContainer& action) {
  if (!state_.containers.contains(action.name)) return;
  auto& container = state_.containers.at(action.name);
  container = exited(container, 143);
  container.status.stopped_by_user = true;
}
void World::apply(const RemoveContainer& action) {
  if (!state_.containers.contains(action.name)) return;
  const auto& container = state_.containers.at(action.name);
  if (container.status.phase == supervisor::Phase::running) fail("{} runs", action.name);
  state_.containers.erase(action.name);
}
void World::apply(const SetContainerAside& action) {
  using Addresses = supervisor::SetContainerAside::Addresses;
  auto moved = state_.containers.extract(action.name);
  if (moved.empty()) fail("no container {}", action.name);
  moved.key() = action.aside;
  moved.mapped().config.place = action.successor.empty()
                                    ? supervisor::name_of_its_own(moved.mapped().config)
                                    : action.successor;
  const std::string heir =
      action.addresses == Addresses::kept ? action.aside : moved.mapped().config.place;
  moved.mapped().config.name = action.aside;
  state_.containers.insert(std::move(moved));
  for (auto& [name, network] : state_.networks) {
    auto lease = network.leases.extract(action.name);
    if (lease.empty() || action.addresses == Addresses::given_up) continue;
    lease.key() = heir;
    network.leases.insert(std::move(lease));
  }
}
void World::apply(const BringContainerBack& action) {
  auto moved = state_.containers.extract(action.aside);
  if (moved.empty()) return;
  state_.containers.erase(action.successor.empty() ? action.name : action.successor);
  moved.key() = action.name;
  moved.mapped().config.name = action.name;
  moved.mapped().config.place.clear();
  state_.containers.insert(std::move(moved));
}
void World::apply(const AwaitCondition& action) {
  auto& container = state_.containers.at(action.name);
  if (action.condition == spec::Condition::service_healthy) {
    container.status.health = supervisor::Health::healthy;
  } else if (action.condition == spec::Condition::service_completed_successfully) {
    container = exited(container, 0);
  }
}

void World::apply(const SignalContainer& action) {
  auto& container = state_.containers.at(action.name);
  if (container.status.phase != supervisor::Phase::running) fail("{} does not run", action.name);
  container = exited(container, 128 + action.signal);
}
void World::apply(const PauseContainer& action) {
  state_.containers.at(action.name).status.phase = supervisor::Phase::paused;
}
void World::apply(const UnpauseContainer& action) {
  state_.containers.at(action.name).status.phase = supervisor::Phase::running;
}

}  // namespace stack::orchestrator::testing
