// SPDX-License-Identifier: Apache-2.0
// Volumes with `driver_opts`: what they hold is behind a device, and not in the volume's directory.
#pragma once

#include <vector>

#include "base/fd.h"
#include "orchestrator/desired.h"
#include "orchestrator/observed.h"
#include "orchestrator/problem.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// Gives wishes for volumes that the file says nothing of (external ones, and those that somebody
/// has made by hand) the options that they have, and each mount of a volume what is behind it.
/// Options that are wrong are left to check_volumes(). Pure.
void settle_volumes(DesiredState& desired, const ObservedState& observed);

/// Drivers that there are not, options that mean nothing, and volumes that are there with other
/// options than the file has. Pure.
std::vector<Problem> check_volumes(const DesiredState& desired, const ObservedState& observed);

/// Gives the mount of a volume with options what is behind it; another is left alone. Pure.
void lower_backing(const DesiredMount& wish, runtime::MountSpec& lowered);

/// The directory behind a volume with options: its device, or the root of a file system that is
/// mounted nowhere. Throws Error when it cannot be had.
Fd open_backing(const DesiredMount& wish);

/// The kernel wants addresses of servers: names in `addr=` become such, as docker does it, and cifs
/// gets the one of the server that its device names. Throws Error for a name that is not known.
void resolve_volume_hosts(supervisor::ContainerConfig& config);

}  // namespace stack::orchestrator
