// SPDX-License-Identifier: Apache-2.0
// Directories that outlive a build: what RUN --mount=type=cache mounts. They are found by their id
// alone, from whichever project.
#pragma once

#include <filesystem>
#include <optional>

#include "base/files.h"
#include "build/file_source.h"
#include "build/run_mounts.h"
#include "build/turns.h"

namespace stack::build {

struct CacheMount {
  std::filesystem::path place;  ///< holds "data" once it is there
  Fd lock;                      ///< flock(2) of one that nobody else uses meanwhile
  bool is_new = false;          ///< there is no "data" yet
};

/// What a cache is known by, however it is shared.
std::string cache_name(const RunMount& mount);
/// Waits for a locked one, others having their turn meanwhile. `root` is made when absent.
CacheMount open_cache_mount(const std::filesystem::path& root, const RunMount& mount, Turns& turns);
/// What a new one holds at first.
void fill_cache_mount(CacheMount& cache, const FileSource& files, const FoundFile& found);
/// Makes the directory to mount, "data" of its place; a new one appears whole or not at all.
void finish_cache_mount(CacheMount& cache, const RunMount& mount);

/// Copies a file or a directory, as it is, to `side`/content (a file: `side`/content/file).
void copy_to_side(const FileSource& files, const FoundFile& found,
                  const std::filesystem::path& side);

}  // namespace stack::build
