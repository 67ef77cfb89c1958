// SPDX-License-Identifier: Apache-2.0
// The words of `container run` that `inspect` repeats as they were given. Pure.
#pragma once

#include "cli/options.h"
#include "supervisor/container_config.h"

namespace stack::cli {

/// What cannot be read is left out: container_document() refuses it.
supervisor::Wording wording_of(const Options& options);

}  // namespace stack::cli
