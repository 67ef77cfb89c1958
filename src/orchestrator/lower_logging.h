// SPDX-License-Identifier: Apache-2.0
// Where a container's output is sent, in the supervisor's terms. Pure.
#pragma once

#include <optional>

#include "orchestrator/desired.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// `config`: with its id, name and environment. A host's name is left as it is written: see
/// resolve_log_host().
std::optional<supervisor::LogShipping> log_shipping_of(const DesiredContainer& wish,
                                                       const supervisor::ContainerConfig& config);

}  // namespace stack::orchestrator
