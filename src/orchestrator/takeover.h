// SPDX-License-Identifier: Apache-2.0
// What only one container can have at a time, and goes from one to another in a single `up`.
#pragma once

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// Whether `wish` may get a host port that `before` publishes, also as one of a range, or has a
/// fixed address that is its.
bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before);

/// Whether `wish` cannot run while `before` has what it has: that very port, or that address.
bool supplants(const DesiredContainer& wish, const supervisor::ObservedContainer& before);

/// Whether another container than that of its name takes something over from it.
bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired);

/// Containers that change, or start, and cannot run while `before` has what it has; by name. Its
/// `successor` is none of them.
std::set<std::string> supplanters(const supervisor::ObservedContainer& before,
                                  const std::string& successor, const DesiredState& desired,
                                  const Changes& changes);

/// A container whose ports change in place is made anew when others get what it had: one after the
/// other then, whatever goes round in a circle.
void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes);

}  // namespace stack::orchestrator
