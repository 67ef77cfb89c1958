// SPDX-License-Identifier: Apache-2.0
// Whether there is room for what a change makes, on the disk and in memory, asked before it begins:
// half a stack on a full disk serves nobody.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/host_paths.h"
#include "orchestrator/desired.h"
#include "orchestrator/diff.h"
#include "orchestrator/preflight.h"

namespace stack::orchestrator {

/// What this machine has left.
struct HostRoom {
  std::uint64_t memory = 0;  ///< bytes that programs can have without others giving up theirs
  std::uint64_t disk = 0;    ///< bytes that root may still write below the data directory
  /// How many files may be made there; nothing where the file system does not count them.
  std::optional<std::uint64_t> files = 0;
};

/// Of the file system of the data directory, or of the directory it is to be made in. Throws Error.
HostRoom host_room(const HostPaths& paths);

/// An error when the containers that are to be made cannot even have their own files; what they
/// will write, and what their images bring to their volumes, nobody knows. A warning when the
/// containers that are to be made or started reserve (`mem_reservation`) more memory than there is.
/// `room` is asked when there is one to be made or started.
HostFindings check_room(const HostPaths& paths, const DesiredState& desired, const Changes& changes,
                        const std::function<HostRoom(const HostPaths&)>& room = host_room);

}  // namespace stack::orchestrator
