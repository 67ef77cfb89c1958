// SPDX-License-Identifier: Apache-2.0
// A path in a tree that somebody else may be changing, held by the descriptor of its directory.
#pragma once

#include <string>

#include "base/fd.h"
#include "orchestrator/copy_rules.h"

namespace stack::orchestrator {

enum class LastLink { keep, follow };

struct TreePlace {
  std::string path;  ///< absolute and clean; where the links of the last component led
  Fd directory;      ///< O_PATH, of what `path` is in; none when there is no such directory
  std::string name;  ///< one component; "." for the root
  FileKind kind = FileKind::absent;
};

/// Looks for `path` (absolute, clean) below the open directory `root`, which links take for "/". A
/// link at the end is followed, when asked for, even to what does not exist. Throws Error, for too
/// many links too; that something is missing is no error.
TreePlace find_place(int root, std::string path, LastLink last_link);

}  // namespace stack::orchestrator
