// SPDX-License-Identifier: Apache-2.0
// What docker compose leaves out of `config`: values that say nothing, extensions inside of
// objects.
#pragma once

#include "spec/model.h"
#include "spec/tree.h"

namespace stack::spec {

/// Project::resolved as `stack config` prints it.
Node printed_tree(const Project& project);

}  // namespace stack::spec
