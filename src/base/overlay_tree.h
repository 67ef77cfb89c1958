// SPDX-License-Identifier: Apache-2.0
// Directory trees read without a mount. Several directories are read as overlayfs would join them:
// upper ones hide lower ones, a 0:0 character device is a whiteout, an opaque directory shows
// nothing of those below. A single directory is simply the case of one layer.
// Nothing here follows a symbolic link out of the layers: each step is one name in an open
// directory.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace stack {

/// One directory of the joined tree: those that contribute to it, uppermost first. Never empty.
using JoinedDirectory = std::vector<Fd>;

/// What a name stands for in the joined tree.
struct JoinedEntry {
  int holder;                 ///< the contributing directory that has it; borrowed
  struct stat info;           ///< as lstat(2)
  JoinedDirectory directory;  ///< its own parts when it is a directory, else empty
};

/// `name` is one component. Nothing when it is absent or whited out.
std::optional<JoinedEntry> look_up(const JoinedDirectory& directory, const std::string& name);

/// Every name that occurs in one of the parts, sorted; some may be whited out.
std::vector<std::string> names_in(const JoinedDirectory& directory);

/// Opens the directory at `path`, absolute or not, with every link in it resolved inside the joined
/// tree of `root`. Nothing when there is none. Throws Error (ELOOP) after 40 links.
std::optional<JoinedDirectory> open_joined(const JoinedDirectory& root, const std::string& path);

/// Whether an open directory hides those of the layers below.
bool is_opaque(int directory);

/// Target of a symbolic link.
std::string read_link(int directory, const std::string& name);

}  // namespace stack
