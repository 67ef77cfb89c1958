// SPDX-License-Identifier: Apache-2.0
// Whose mistakes count: what no container could run with is nobody's concern as long as no
// container is made of it.
#pragma once

#include "spec/diagnostics.h"
#include "spec/normalize.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Takes back what is said of services that are not `needed`, and of networks, volumes, configs and
/// secrets that only they use. What stands in a needed one too, by an alias or an extension of the
/// same lines, stays said. `whole`: the tree with the services that their profiles left out;
/// `root`: the finished one.
void forgive_unneeded(const Node& whole, const Node& root, const Names& needed,
                      const Reporter& reporter, Diagnostics& diagnostics);

}  // namespace stack::spec
