// SPDX-License-Identifier: Apache-2.0
// docker's HostConfig of a container: what it was asked to have of the host. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/container_mounts.h"
#include "supervisor/status.h"

namespace stack::cli {

/// Every member that docker has; what nobody asked for is docker's nothing. `wish` as of wish_of().
nlohmann::json host_config(const supervisor::ObservedContainer& container,
                           const nlohmann::json& wish, const MountView& mounts);
/// "host", "none", "container:NAME", or the first network.
std::string network_mode(const supervisor::ObservedContainer& container);

}  // namespace stack::cli
