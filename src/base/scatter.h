// SPDX-License-Identifier: Apache-2.0
// Where a file system puts directories that come and go.
#pragma once

#include <filesystem>

namespace stack {

/// Tells ext4 that the directories to be made in `directory` have nothing to do with each other
/// (FS_TOPDIR_FL, chattr(1) +T), so that each lies in another part of the disk with all that is in
/// it. ext4 passes over inodes that were freed in the last minutes one by one, for each new inode;
/// where many are made and removed beside each other that is most of the work. Other file systems
/// have no such flag: nothing happens, and nothing of it is an error.
void scatter_subdirectories(const std::filesystem::path& directory);

}  // namespace stack
