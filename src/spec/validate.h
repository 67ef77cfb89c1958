// SPDX-License-Identifier: Apache-2.0
// Mistakes that only show between values of the finished project.
#pragma once

#include "spec/model.h"
#include "spec/normalize.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Host ports taken twice and the like, of the services that are `needed`. Places come from
/// `project.sources`.
void validate(const Project& project, const Names& needed, Reporter& reporter);

/// Contradictions of services that only the tree shows: limits given both at the service and under
/// deploy; among those that are `needed`, fixed container names taken twice or scaled.
void check_contradictions(const Node& root, const Names& needed, Reporter& reporter);
/// External resources with further keys; configs and secrets from no place, or from several.
void check_exclusive_keys(const Node& root, Reporter& reporter);

}  // namespace stack::spec
