// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/rolling.h"

#include <algorithm>
#include <cmath>

namespace stack::orchestrator {
namespace {

using Steps = std::map<std::string, StepId>;

/// What is done with one container at its turn, and when that has proved itself.
struct Turn {
  const DesiredContainer* wish = nullptr;
  std::vector<StepId> begins;  ///< earliest first
  StepId end = 0;
};

std::optional<StepId> find(const Steps& steps, const std::string& name) {
  const auto found = steps.find(name);
  return found == steps.end() ? std::nullopt : std::optional(found->second);
}

class Pacer {
 public:
  Pacer(PlanBuilder& builder, const DesiredState& desired,
        const std::map<std::string, Replacement>& replacements, UpSteps& steps)
      : builder_(builder), desired_(desired), replacements_(replacements), steps_(steps) {}

  void pace() {
    for (auto& [service, turns] : updated_services()) {
      std::ranges::sort(turns, {}, [](const Turn& turn) { return turn.wish->number; });
      pace(service, turns);
    }
  }

 private:
  /// Those of which a container that runs is replaced, and kept until its successor has settled.
  std::map<std::string, std::vector<Turn>> updated_services() const {
    std::map<std::string, std::vector<Turn>> services;
    for (const auto& [name, replacement] : replacements_) {
      const DesiredContainer& wish = desired_.containers.at(name);
      const bool is_watched = steps_.settled.contains(name) && steps_.let_go.contains(name);
      if (wish.model.update_config && is_watched)
        services[wish.service].push_back(
            {&wish, begins(name, replacement), end_of(wish, replacement)});
    }
    return services;
  }

  /// What ends the old one, or starts the new one beside it, waits; if possible, all before it too.
  std::vector<StepId> begins(const std::string& name, const Replacement& replacement) const {
    const auto stop = find(steps_.stops, replacement.old);
    std::vector<StepId> found;
    if (const auto aside = find(steps_.set_aside, name)) found.push_back(*aside);
    found.push_back(stop && replacement.manner == Manner::stop_first ? *stop
                                                                     : steps_.started.at(name));
    return found;
  }

  /// With both running, the old one is gone before more begin; unless all are kept to the end.
  StepId end_of(const DesiredContainer& wish, const Replacement& replacement) const {
    const bool waits_for_old =
        replacement.manner == Manner::start_first &&
        wish.model.update_config->failure_action != spec::FailureAction::rollback;
    return (waits_for_old ? steps_.let_go : steps_.settled).at(wish.name);
  }

  void pace(const std::string& service, const std::vector<Turn>& turns) {
    const spec::UpdateConfig& config = *turns.front().wish->model.update_config;
    const std::size_t at_once =
        config.parallelism == 0 ? turns.size() : static_cast<std::size_t>(config.parallelism);
    const auto gated = gated_steps(turns, at_once);
    if (!gated) return;
    std::vector<StepId> ends;
    std::optional<StepId> gate;
    for (std::size_t at = 0; at < turns.size(); ++at) {
      if (at > 0 && at % at_once == 0)
        gate = builder_.add_gate(AwaitTurn{service, config.delay}, "update_config", ends,
                                 bearable(config, turns.size()));
      if (gate) builder_.put_after(gated->at(at), *gate);
      ends.push_back(turns[at].end);
    }
    if (config.failure_action == spec::FailureAction::rollback) judge(service, turns, ends);
  }

  /// The step of each turn that waits for its gate: the earliest that those before do not need.
  std::optional<std::vector<StepId>> gated_steps(const std::vector<Turn>& turns,
                                                 std::size_t at_once) const {
    const std::size_t choices = std::ranges::max(turns, {}, [](const Turn& turn) {
                                  return turn.begins.size();
                                }).begins.size();
    for (std::size_t choice = 0; choice < choices; ++choice) {
      std::vector<StepId> gated;
      for (const Turn& turn : turns)
        gated.push_back(turn.begins.at(std::min(choice, turn.begins.size() - 1)));
      if (can_wait(turns, gated, at_once)) return gated;
    }
    return std::nullopt;
  }

  bool can_wait(const std::vector<Turn>& turns, const std::vector<StepId>& gated,
                std::size_t at_once) const {
    for (std::size_t later = at_once; later < turns.size(); ++later)
      for (std::size_t earlier = 0; earlier < later - later % at_once; ++earlier)
        if (builder_.depends(turns[earlier].end, gated[later])) return false;
    return true;
  }

  static std::size_t bearable(const spec::UpdateConfig& config, std::size_t count) {
    if (config.failure_action == spec::FailureAction::go_on) return count;
    return static_cast<std::size_t>(
        std::floor(config.max_failure_ratio * static_cast<double>(count)));
  }

  void judge(const std::string& service, const std::vector<Turn>& turns,
             const std::vector<StepId>& ends) {
    const auto& config = *turns.front().wish->model.update_config;
    const StepId verdict = builder_.add_gate(AwaitTurn{service, {}}, "all of them, or none", ends,
                                             bearable(config, turns.size()));
    for (const Turn& turn : turns) {
      steps_.judged[turn.wish->name] = verdict;
      builder_.put_after(steps_.let_go.at(turn.wish->name), verdict);
    }
  }

  PlanBuilder& builder_;
  const DesiredState& desired_;
  const std::map<std::string, Replacement>& replacements_;
  UpSteps& steps_;
};

}  // namespace

void pace_updates(PlanBuilder& builder, const DesiredState& desired,
                  const std::map<std::string, Replacement>& replacements, UpSteps& steps) {
  Pacer(builder, desired, replacements, steps).pace();
}

}  // namespace stack::orchestrator
