// SPDX-License-Identifier: Apache-2.0
// Whether there are addresses enough for a container and its successor at the same time. Pure.
#pragma once

#include <map>
#include <string>

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// The networks of which `changes` could use up all addresses, were everybody to keep theirs until
/// their successors have settled; by name. Networks that are made, or made anew, begin with no
/// leases and are none of them; nor are those of other stacks, where a successor always inherits.
std::map<std::string, FullNetwork> find_full_networks(const DesiredState& desired,
                                                      const ObservedState& observed,
                                                      const Changes& changes);

}  // namespace stack::orchestrator
