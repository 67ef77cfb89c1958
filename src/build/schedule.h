// SPDX-License-Identifier: Apache-2.0
// Which stage of a build is built when.
#pragma once

#include "build/build_job.h"

namespace stack::build {

/// Builds what the target needs into job.done: each stage as soon as those that it needs are done,
/// those that do not need each other at once (turns.h). The first failure ends all, and is thrown.
void build_stages(BuildJob& job);

}  // namespace stack::build
