// SPDX-License-Identifier: Apache-2.0
// The seam between deciding and doing: what can be seen of the world, and what can be done to it.
// The native engine asks the stack's supervisor; tests have an engine that plays a world in memory.
// Doing takes two calls because many actions are under way at once: perform() starts one, next()
// tells which one ended.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "orchestrator/observed.h"
#include "orchestrator/plan.h"

namespace stack::orchestrator {

struct Outcome {
  StepId step = 0;
  std::optional<Error> error;
  std::string note;  ///< for the screen: "killed at once: process 1 ignores SIGTERM"
  /// It has not ended: `note` is what there is to tell meanwhile.
  bool goes_on = false;
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// A snapshot; changes nothing.
  virtual ObservedState observe() = 0;
  /// Starts an action. Failing at once is an outcome too: nothing is thrown.
  virtual void perform(StepId step, const Action& action) = 0;
  /// The next action that ended, or has something to tell; nothing when `patience` is over first.
  virtual std::optional<Outcome> next(std::chrono::milliseconds patience) = 0;
  /// Whether the action, once begun, may take as long as a program of the user's likes, and comes
  /// to its end without us: whoever breaks off does not wait for it.
  virtual bool may_be_left(const Action& /*action*/) const { return false; }
};

}  // namespace stack::orchestrator
