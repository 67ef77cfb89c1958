// SPDX-License-Identifier: Apache-2.0
// Carries a plan out, word for word: a step runs when all of its predecessors have succeeded, as
// many at once as there are. Decides nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/engine.h"
#include "orchestrator/report.h"

namespace stack::orchestrator {

struct Execution {
  std::vector<StepResult> results;  ///< by step id
  std::vector<Error> errors;        ///< in the order in which they came
  bool interrupted = false;
  std::string cancelled_by = {};  ///< when another command asked for that: "stack down (pid 901)"
  bool succeeded() const { return errors.empty() && !interrupted; }
};

/// After a failure nothing below it starts but its rescues, everything else goes on. Steps that
/// wait for each other, so that none of them ever begins, are an error at the end that names them.
/// When `interrupted` answers true nothing new starts; what is under way is waited for, but for
/// conditions. No more than `at_once` steps are under way, besides those that only wait; 0: as many
/// as there are.
Execution execute(const Plan& plan, Engine& engine, Report& report,
                  const std::function<bool()>& interrupted, std::size_t at_once = 0);

}  // namespace stack::orchestrator
