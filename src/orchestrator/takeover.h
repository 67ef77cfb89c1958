// SPDX-License-Identifier: Apache-2.0
// What only one container can have at a time, and goes from one to another in a single `up`.
#pragma once

#include "orchestrator/desired.h"
#include "orchestrator/observed.h"

namespace stack::orchestrator {

/// Whether `wish` names a host port that `before` publishes, or a fixed address that is its.
bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before);

}  // namespace stack::orchestrator
