// SPDX-License-Identifier: Apache-2.0
// `up --locked`: only what stack.lock says.
#pragma once

#include "cli/options.h"
#include "spec/model.h"

namespace stack::cli {

/// Throws Error, with all of it in one, when the stack file or an image is not what stack.lock
/// says. Images that are not here are fetched by their digest, so that nothing else can come; with
/// everything here no registry is asked. Also for --build and --pull always, which exclude it.
void require_locked(const spec::Project& project, const Options& options);

}  // namespace stack::cli
