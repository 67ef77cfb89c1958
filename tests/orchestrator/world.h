// SPDX-License-Identifier: Apache-2.0
// A world in memory that actions change as the real one would: for running plans without a kernel.
#pragma once

#include <deque>
#include <set>

#include "orchestrator/engine.h"

namespace stack::orchestrator::testing {

class World : public Engine {
 public:
  explicit World(const DesiredState& wish, ObservedState state = {})
      : wish_(wish), state_(std::move(state)), before_(state_) {}

  ObservedState observe() override { return state_; }
  void perform(StepId step, const Action& action) override;
  std::optional<Outcome> next(std::chrono::milliseconds patience) override;

  /// What was begun and not waited for is another run's.
  void forget_unfinished() { ended_.clear(); }

  /// Steps that fail instead of having their effect.
  std::set<StepId> failing;
  /// Actions in the order in which they were performed.
  std::vector<std::string> performed;

 private:
  void apply(const CreateNetwork& action);
  void apply(const RunProvider& action);
  void apply(const RemoveNetwork& action);
  void apply(const CreateVolume& action);
  void apply(const RemoveVolume& action);
  void apply(const CreateContainer& action);
  void apply(const UpdateContainer& action);
  void apply(const StartContainer& action);
  void apply(const StopContainer& action);
  void apply(const RemoveContainer& action);
  void apply(const SetContainerAside& action);
  void apply(const BringContainerBack& action);
  void apply(const AwaitSettled&) {}
  void apply(const AwaitTurn&) {}
  void apply(const AwaitCondition& action);
  void apply(const SignalContainer& action);
  void apply(const PauseContainer& action);
  void apply(const UnpauseContainer& action);

  const DesiredState& wish_;
  ObservedState state_;
  ObservedState before_;
  std::deque<Outcome> ended_;
};

}  // namespace stack::orchestrator::testing
