// SPDX-License-Identifier: Apache-2.0
// Variables in the values of a tree, before anything is merged. Keys are never touched.
#pragma once

#include "spec/model.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Replaces ${...} in every string value below `root`. Unset variables are warnings, missing
/// required ones and malformed expressions errors, each at its own `$`. `places` tells of variables
/// from env files where they are set (".env:3").
void interpolate(Node& root, const StringMap& variables, const StringMap& places,
                 Reporter& reporter);

}  // namespace stack::spec
