// SPDX-License-Identifier: Apache-2.0
// What only one container can have at a time, and goes from one to another in a single `up`.
#pragma once

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// Whether `wish` names a host port that `before` publishes, or a fixed address that is its.
bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before);

/// Whether another container than that of its name does so.
bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired);

/// A container whose ports change in place is made anew when others get what it had: one after the
/// other then, whatever goes round in a circle.
void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes);

}  // namespace stack::orchestrator
