// SPDX-License-Identifier: Apache-2.0
// Which container is the same as a wished one but for its name: `container_name` was written, or
// changed, or taken away. Pure.
#pragma once

#include <map>
#include <string>

#include "orchestrator/desired.h"
#include "orchestrator/observed.h"

namespace stack::orchestrator {

/// By the name of a wish that nobody has: the container of its service and number that nothing else
/// is wished of.
std::map<std::string, std::string> find_predecessors(const DesiredState& desired,
                                                     const ObservedState& observed);

/// `name` is wished for under the name that its predecessor has, also by those that share its
/// namespaces.
void keep_name(DesiredState& desired, const std::string& name, const std::string& predecessor);

}  // namespace stack::orchestrator
