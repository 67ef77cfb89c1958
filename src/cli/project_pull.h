// SPDX-License-Identifier: Apache-2.0
// How `up` and `pull` fetch the images of a project.
#pragma once

#include "cli/options.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {

/// By --pull and --quiet-pull; `options` must outlive it. Throws Error (usage) for another policy
/// than docker compose knows.
orchestrator::PullImages pull_images(const Options& options);

}  // namespace stack::cli
