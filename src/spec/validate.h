// SPDX-License-Identifier: Apache-2.0
// Mistakes that only show between values of the finished project.
#pragma once

#include "spec/model.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Duplicate mount targets, host ports taken twice, fixed container names taken twice or scaled,
/// limits said twice. Places come from `project.sources`.
void validate(const Project& project, Reporter& reporter);

/// Contradictions that only the tree shows: limits given both at the service and under deploy,
/// external resources with further keys.
void check_contradictions(const Node& root, Reporter& reporter);

}  // namespace stack::spec
