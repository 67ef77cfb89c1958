// SPDX-License-Identifier: Apache-2.0
// A tar archive unpacked among files that are there already, in a tree that somebody else may
// change meanwhile: what `stack cp` does in either direction.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/id_block.h"
#include "image/tar_reader.h"

namespace stack::image {

enum class Ownership {
  as_archived,
  callers,  ///< the caller's; set-user-ID and set-group-ID bits go, they spoke of another owner
  roots,    ///< 0:0
  given,    ///< UnpackTarget::owner
};
enum class ArchivedDevices { make, leave_out };
enum class Manner {
  /// As `docker cp`: a directory is never replaced by something else, nor the other way round; a
  /// hard link is a further name and nothing more.
  among_files,
  /// As ADD: what is of another kind is replaced, with all that is in it; owner and mode of a hard
  /// link's entry count for the file that it names.
  over_files,
};

struct UnpackTarget {
  int root;               ///< open; every link is resolved as if it were "/"
  std::string directory;  ///< an existing directory, absolute below `root`
  Ownership ownership = Ownership::as_archived;
  ArchivedDevices devices = ArchivedDevices::make;
  Manner manner = Manner::among_files;
  Compressions compressions = Compressions::of_layers;
  std::pair<uid_t, gid_t> owner = {};  ///< of Ownership::given
  /// What ids of the archive, and root's, are in the tree. Callers' stay as they are.
  IdBlock ids = {};
};

/// Unpacks what is read from `archive` (tar; plain, gzip or zstd). Directories are merged, files
/// replaced. What somebody has mounted over a file cannot be replaced: such a file is written in
/// place. "./" and what is above
/// it keep their owner, mode and times. Content goes only into directories of real file systems,
/// not of /proc or /sys. Returns the devices that were left out. Throws Error, with what was
/// being written; what was unpacked until then stays.
///
/// Each object is made by a name that must not exist, and is then known by descriptor only: its
/// owner and mode are never set through a name that could have become a link.
std::vector<std::string> unpack_files(int archive, const UnpackTarget& target);

/// Whether an open directory belongs to the kernel's own: /proc, /sys, cgroups and their like.
bool is_kernel_file_system(int directory);

}  // namespace stack::image
