// SPDX-License-Identifier: Apache-2.0
// What is behind a volume's device, for whoever is no container: to fill it, or to look into it.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "runtime/container_spec.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

/// The root directory of the file system that `mount` (MountKind::file_system) names. It is mounted
/// nowhere, and let go with the last descriptor of it. Waits as long as the kernel does for a
/// server that does not answer. Throws Error as volume_error().
Fd open_volume(const MountSpec& mount);

/// "mounting volume data: ext4 of /dev/sdz1 with noatime: No such device", with a hint at what may
/// be wrong; no password of a share is in it.
Error volume_error(const MountStep& step, int error_number);
/// The part of it that says what was tried.
std::string volume_attempt(const MountStep& step);

}  // namespace stack::runtime
