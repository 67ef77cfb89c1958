// SPDX-License-Identifier: Apache-2.0
// Layers joined by overlayfs, in the child's own mount namespace: a container's root, and the
// images that it mounts. Rules of child_report.h apply.
#pragma once

#include <span>
#include <string>

#include "runtime/mount_plan.h"

namespace stack::runtime {

/// Where a root stands until it is the root: a directory that every host has.
inline constexpr const char* staging_directory = "/sys";

/// What an overlay is made of, as the parent prepared it.
struct OverlayTask {
  std::span<const std::string> lower;  ///< absolute directories, uppermost first
  const char* upper = nullptr;  ///< null: nothing can be written, and `lower` has two or more
  const char* work = nullptr;   ///< null as `upper` is
  /// The user namespace whose ids are those on disk; -1: none. Then `upper` and `work` lie in one
  /// directory.
  int id_mapping = -1;
};

/// Mounts it over staging; answers a descriptor of its root, or -1 with errno.
int mount_overlay(const OverlayTask& task);

/// A detached mount of `subpath` (empty: of everything) in the files that `lower` has together, or
/// -1 with errno. A link in `subpath` leads where it leads inside. `id_mapping` as above.
int view_of_layers(std::span<const std::string> lower, const char* subpath, int id_mapping);

/// Attaches a detached mount over staging, a place to build on that every host has: only this mount
/// namespace sees what covers it, and it is left behind at pivot_root. Answers an errno.
int cover_staging(int mount);

/// Shows what is in a detached mount with the ids of a user namespace. Answers an errno.
int map_ids(int tree, int user_namespace, Depth depth);

/// move_mount(2) between descriptors. Answers an errno.
int attach(int tree, int target);

}  // namespace stack::runtime
