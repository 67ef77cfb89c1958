// SPDX-License-Identifier: Apache-2.0
// How it is told that a service is healthy or ready: its health check, the image's, or
// x-stack.ready; and who waits for services of which nothing can be told.
#pragma once

#include <optional>
#include <vector>

#include "orchestrator/desired.h"
#include "orchestrator/problem.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// The file's, where it leaves something open the image's.
std::optional<supervisor::HealthPolicy> health_of(const spec::Service& model,
                                                  const image::ImageConfig& image);

/// With the ports that `auto` means: those that the file publishes and exposes, or else those that
/// the image does.
std::optional<supervisor::ReadyRule> ready_of(const DesiredContainer& wish);

/// It can become healthy.
bool tells_health(const DesiredContainer& wish);

/// For each service that waits until another is healthy, which that cannot become.
std::vector<Problem> check_conditions(const DesiredState& desired);

}  // namespace stack::orchestrator
