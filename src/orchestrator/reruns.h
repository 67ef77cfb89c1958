// SPDX-License-Identifier: Apache-2.0
// Which jobs that have completed run once more. Pure.
#pragma once

#include "orchestrator/diff.h"

namespace stack::orchestrator {

enum class Reruns {
  when_needed,  ///< something that a job depends on is another one than at its last run
  always,       ///< every job
};

/// Makes `start` of the verdicts of such jobs: containers that ended with 0, are not restarted, and
/// would be kept. Another one: a container that was made since, or a job that ran since. Replicas
/// beyond the first do not count, so that scaling re-runs nothing.
void add_reruns(const DesiredState& desired, const ObservedState& observed, Reruns reruns,
                Changes& changes);

}  // namespace stack::orchestrator
