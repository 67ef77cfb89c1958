// SPDX-License-Identifier: Apache-2.0
// Whether what services name exists, and whether they can be started in any order at all.
#pragma once

#include "spec/model.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// References of active services to services, networks, volumes, configs and secrets, by the merged
/// tree before unused resources are removed. `inactive`: services left out by their profiles; an
/// optional dependency on one of them is fine. Links count when they were made dependencies.
void check_references(const Node& root, const Strings& inactive, bool with_links,
                      Reporter& reporter);

/// Dependency cycles, each printed as a -> b -> a.
void check_cycles(const Node& root, Reporter& reporter);

}  // namespace stack::spec
