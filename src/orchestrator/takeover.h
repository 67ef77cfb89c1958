// SPDX-License-Identifier: Apache-2.0
// What only one container can have at a time, and goes from one to another in a single `up`.
#pragma once

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// Whether `wish` may get a host port that `before` publishes, also as one of a range, or an
/// address that it has: one that is fixed for it, or any in a network that has no other left.
bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                const Changes& changes);

/// Whether another container than that of its name takes something over from it.
bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired,
                   const Changes& changes);

/// Containers that change, or start, and cannot run while `before` has what it has: that very port,
/// one of a range that is too short otherwise, or that address; by name. Its `successor` is none of
/// them.
std::set<std::string> supplanters(const supervisor::ObservedContainer& before,
                                  const std::string& successor, const DesiredState& desired,
                                  const ObservedState& observed, const Changes& changes);

/// A container whose ports change in place is made anew when others get what it had: one after the
/// other then, whatever goes round in a circle.
void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes);

}  // namespace stack::orchestrator
