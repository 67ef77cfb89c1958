// SPDX-License-Identifier: Apache-2.0
// What a container has changed of its image: the writable directory of an overlay, compared with
// the layers below. `stack diff` shows it, `stack commit` makes a layer of it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/overlay_tree.h"
#include "image/tar_writer.h"

namespace stack::image {

enum class ChangeKind { modified, added, removed };

struct TreeChange {
  ChangeKind kind;
  std::string path;  ///< "/etc/passwd"
  bool operator==(const TreeChange&) const = default;
};

/// Sorted by path. As docker compares: owner, mode, device number and file capabilities of
/// everything; size and time of all but directories. A directory is modified also when something in
/// it is; of one that was removed only itself is told, of a new one everything in it. The root
/// itself is never told. `scaffolding` are paths of directories and empty files that nobody asked
/// for: where the layers below have nothing, or a link in a file's place, they are no change as
/// long as they are empty. `upper` may change meanwhile. Throws Error.
std::vector<TreeChange> tree_changes(int upper, const JoinedDirectory& lower,
                                     const std::set<std::string>& scaffolding);

/// Writes `changes` of `upper` as a layer: files as they are, removals as whiteouts (".wh.NAME").
void write_changes(int upper, const std::vector<TreeChange>& changes, const TarSink& sink);

/// "C /etc"
std::string to_text(const TreeChange& change);

}  // namespace stack::image
