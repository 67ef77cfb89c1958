// SPDX-License-Identifier: Apache-2.0
// Containers that are as they should be, and are stopped and started all the same: for what became
// of others. Pure.
#pragma once

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// Notes who restarts, and why: what is in a network that is made anew; what shares a namespace of
/// a container that begins anew, or has done so since; what takes other texts by a restart; and by
/// `depends_on: {db: {restart: true}}` (links imply it) what depends on something that is replaced
/// or restarted. What does nothing else gets Verdict::restart; what was run by hand in a network
/// that is made anew, Verdict::remove. Call it last: whatever else is to
/// change must be known.
void add_restarts(const DesiredState& desired, const ObservedState& observed, Changes& changes);

/// The network that is made anew and that a container is in, if any.
std::optional<std::string> replaced_network_of(const supervisor::ObservedContainer& container,
                                               const Changes& changes);

}  // namespace stack::orchestrator
