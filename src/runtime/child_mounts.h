// SPDX-License-Identifier: Apache-2.0
// A mount plan carried out by the child. Nothing is mounted by path inside the root: targets are
// opened in-root, made with mkdirat on descriptors, and covered by move_mount(2), so that a link
// that somebody exchanges meanwhile leads nowhere else. Rules of child_report.h apply.
#pragma once

#include <span>

#include "runtime/child_overlay.h"
#include "runtime/child_report.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

/// Where the sources of binds come from, besides the host's tree.
struct SourceTask {
  int shared_mounts = -1;  ///< mount namespace of the container whose /dev/shm is shared
  /// For each step the user namespace whose mapping its bind is seen through, or -1. Empty: none.
  std::span<const int> id_mappings;
};

/// Detached copies of the bind sources, one slot for each step (-1 for other steps). Call it
/// first, while the host's mounts still propagate as the host has them.
ChildFailure open_sources(const SourceTask& task, std::span<const MountStep> steps,
                          std::span<int> trees);

/// Configs and secrets: files on a tmpfs that only they keep, one slot for each step as above. Call
/// it when the mounts are separated from the host's, before mount_root().
ChildFailure make_files(std::span<const MountStep> steps, std::span<int> trees);

/// Views of images, one slot for each step as above. Call it when make_files() may be called.
/// `id_mapping`: see OverlayTask.
ChildFailure open_layers(std::span<const MountStep> steps, std::span<int> trees, int id_mapping);

/// Mounts the container's overlay in this mount namespace; `root` becomes a descriptor of the new
/// root.
ChildFailure mount_root(const OverlayTask& task, int& root);

/// Empty files in place of links; call it before anything is mounted below the root.
ChildFailure replace_links(int root, std::span<const std::string> paths);
void mount_steps(int root, std::span<const MountStep> steps, std::span<const int> trees,
                 const ChildReport& report);
ChildFailure mask_paths(int root, std::span<const std::string> paths);
ChildFailure make_paths_read_only(int root, std::span<const std::string> paths);
/// Directory `path` and its parents, inside the root.
int make_directory_in_root(int root, const char* path);
/// fsopen, its parameters, fsmount. A detached mount, or -1 with errno.
int new_file_system(const char* type, const char* source,
                    std::span<const FilesystemOption> parameters, std::uint64_t attributes);
/// Sets MOUNT_ATTR_* on the mount itself.
int set_mount_attributes(int mount, std::uint64_t attributes);
/// Attaches the open terminal as /dev/console of the new root.
int bind_console(int root, int terminal);

}  // namespace stack::runtime
