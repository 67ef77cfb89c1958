// SPDX-License-Identifier: Apache-2.0
// A COPY or ADD as written, and what it means: flags read, variables replaced, sources found.
#pragma once

#include <string>

#include "build/build_job.h"
#include "build/copy_step.h"

namespace stack::build {

struct CopyRequest {
  CopyTask task;
  std::string history;  ///< "COPY a b"
};

/// Reads names and attributes of the sources, no content. Throws Error.
CopyRequest copy_request(BuildJob& job, const Stage& stage, const StageState& state,
                         const Instruction& instruction);

}  // namespace stack::build
