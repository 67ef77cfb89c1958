// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: what is brought from where to where, and its being brought. Sources are looked at
// first, which gives the cache its key; files are written only when nothing was found there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "build/copy_plan.h"

namespace stack::build {

/// One source of a COPY: a path that was found, with all that is below it.
struct CopyItem {
  std::shared_ptr<const FileSource> source;
  CopyPlan plan;  ///< targets are seen from the item: "" is itself
  bool is_directory = false;
  bool is_archive = false;  ///< ADD: to be unpacked
  bool has_owner = false;   ///< of an archive: its files get the task's
  bool keeps_path = false;  ///< --parents: `name` is a path; "": what is in it goes there
  std::string name;         ///< what it is called in a directory
};

struct CopyTask {
  std::vector<CopyItem> items;
  std::string destination;         ///< absolute, clean
  bool into_directory = false;     ///< it ended in "/"
  bool makes_destination = false;  ///< that directory is there afterwards, whatever was found
  std::pair<uid_t, gid_t> owner;   ///< of directories that have to be made
  mode_t directory_mode = 0755;    ///< the same
  /// A directory is brought with its own owner and mode. Without: a new one has `owner` and 0755.
  bool keeps_top = false;
};

/// All that is in a source, to an empty root.
CopyTask copy_of_all(std::shared_ptr<const FileSource> source);

/// Whether the file is a tar archive, compressed or not.
bool is_archive(const FileSource& source, const FoundFile& found);

/// What the task brings, as one text for the cache's key.
std::string digest_of_items(const CopyTask& task);
/// Whether the sources are still what they were when they were looked at.
bool is_unchanged(const CopyTask& task);

/// Writes all of it below the open directory `root`, whose links lead nowhere else. True when files
/// have replaced one another, as docker has it: several went to what is no directory, and the last
/// of them is left.
bool carry_out(const CopyTask& task, int root);

/// Makes the directory `path` and those above it that are missing. True when it was not there.
bool make_directory(int root, const std::string& path, std::pair<uid_t, gid_t> owner,
                    mode_t mode = 0755);

}  // namespace stack::build
