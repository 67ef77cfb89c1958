// SPDX-License-Identifier: Apache-2.0
// What docker compose leaves out of `config`: values that say nothing, extensions inside of
// objects.
#pragma once

#include "spec/tree.h"

namespace stack::spec {

/// A resolved project (Project::resolved) as `stack config` prints it.
Node printed_tree(const Node& resolved);

}  // namespace stack::spec
