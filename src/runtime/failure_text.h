// SPDX-License-Identifier: Apache-2.0
// A child's failure as one sentence, made by the parent, which knows the names.
#pragma once

#include "base/error.h"
#include "runtime/child_report.h"
#include "runtime/container_spec.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

/// Exit code 127 for a program that is not there, 126 for one that cannot be executed, 125 for all
/// else. `plan` may be null (a program that joins has none).
Error describe_failure(const ChildFailure& failure, const ProcessSpec& process,
                       const MountPlan* plan);

/// What the child was doing, with its object: "mounting proc on /proc". `plan` as above.
std::string describe_attempt(ChildStage stage, std::uint32_t item, const ProcessSpec& process,
                             const MountPlan* plan);

/// When the child vanished without a word.
Error describe_silence();

}  // namespace stack::runtime
