// SPDX-License-Identifier: Apache-2.0
// Volumes of which there is one for all containers that run (a tmpfs by `driver_opts`). Nobody
// keeps such a mount but the containers themselves: the first makes it, the next ones take a copy
// of one that runs, of whatever stack, and with the last it is gone. So there is nothing to count,
// and nothing to clean up after a `kill -9`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/host_paths.h"
#include "runtime/launch.h"
#include "supervisor/async.h"

namespace stack::supervisor {

/// Owns what is open, and the machine's right to mount such volumes: two that start at once would
/// find nothing, and make two.
struct OpenInstances {
  std::optional<FileLock> turn;
  std::vector<Fd> namespaces;
  std::map<std::string, runtime::MountElsewhere> by_target;  ///< for LaunchOptions
};

/// Where the volumes of `spec` are mounted already. Waits for its turn when there are any of one
/// instance; to be kept until the container has mounted them. Throws Error for one that only
/// containers in user namespaces have: their mounts cannot be copied.
Awaitable<OpenInstances> open_instances(Loop& loop, const HostPaths& paths,
                                        const runtime::ContainerSpec& spec);

}  // namespace stack::supervisor
