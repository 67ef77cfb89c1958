// SPDX-License-Identifier: Apache-2.0
// One stage, from its base to its last instruction.
#pragma once

#include "build/build_job.h"

namespace stack::build {

/// Stages that it needs are done. Throws Error naming the place in the Dockerfile.
StageState build_stage(BuildJob& job, const Stage& stage);

}  // namespace stack::build
