// SPDX-License-Identifier: Apache-2.0
// Which paths of the host a stack file may give to a container without being asked again.
#pragma once

#include <optional>
#include <string>

#include "base/host_paths.h"
#include "spec/model.h"

namespace stack::orchestrator {

enum class HostSources {
  careful,  ///< not those with which a container is root of the host, see why_not_mounted()
  all,      ///< `--allow-host-paths`
};

/// Why `source` is not given to a container, as the end of "/proc: ..."; nothing when it may be.
/// Refused are, for writing: "/", /proc and what is below it, /sys, and directories that stack's
/// own state lies in; and that state itself, for reading too, but for volumes. Monitors read the
/// whole host, backups read volumes: they may. `source` is where its links lead.
std::optional<std::string> why_not_mounted(const std::string& source, spec::Access access,
                                           const HostPaths& paths);

}  // namespace stack::orchestrator
