// SPDX-License-Identifier: Apache-2.0
// Files of the first compose (fig and docker-compose 1 without "version"): their services stand at
// the top level, and a few keys have older names.
#pragma once

#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Turns `document`, unshaped, into the form of today when it is such a file, with one warning.
/// Nothing happens to other files: they have a key of today's top level, or a value at theirs that
/// cannot be a service.
void convert_legacy_file(Node& document, Reporter& reporter);

}  // namespace stack::spec
