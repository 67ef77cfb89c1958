// SPDX-License-Identifier: Apache-2.0
// `up --wait`: until everything is ready, or something cannot be.
#pragma once

#include <chrono>
#include <optional>

#include "orchestrator/use_cases.h"

namespace stack::orchestrator {

/// Waits for every container of `desired`, as plan_wait() says; what fails is told with its last
/// health checks and its last words. Ends soon after the first failure, at the deadline, or when
/// interrupted.
Execution wait_until_ready(const DesiredState& desired,
                           std::optional<std::chrono::steady_clock::time_point> deadline,
                           Host& host);

}  // namespace stack::orchestrator
