// SPDX-License-Identifier: Apache-2.0
// Directories for what is still being made. Their names start with ".tmp.", and each is held by a
// flock(2) that the kernel frees when its maker dies: whoever finds one that nobody holds may
// remove it. So a long job needs no lock of its store while it works, and leaves nothing behind
// however it ends.
#pragma once

#include <filesystem>

#include "base/fd.h"

namespace stack {

class ScratchDirectory {
 public:
  /// A new empty directory (0700) in `parent`. Call it with the lock of `parent` held: between
  /// mkdir and flock a sweeper would take it for abandoned.
  static ScratchDirectory create(const std::filesystem::path& parent);
  /// Removes what is there; a failure is left to the next sweep.
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory&&) = default;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  ScratchDirectory(std::filesystem::path path, Fd held)
      : path_(std::move(path)), held_(std::move(held)) {}
  std::filesystem::path path_;
  Fd held_;
};

/// A new file without a name (O_TMPFILE, 0600), open for reading and writing: it is gone when
/// nobody has it open. Throws Error.
Fd nameless_file(const std::filesystem::path& directory);

/// Whether there is a ".tmp.*" in `parent`, held or not; false when there is no `parent`.
bool has_scratch(const std::filesystem::path& parent);
/// Renames `path`, on the file system of `parent`, to a ".tmp.*" of that and returns its new name:
/// what is taken away is gone as a whole for whoever looks for it, and what a kill leaves of it
/// goes with the next sweep. Call it with the lock of `parent` held. Throws Error.
std::filesystem::path take_away(const std::filesystem::path& path,
                                const std::filesystem::path& parent);
/// Removes every ".tmp.*" in `parent` that nobody holds. Call it with the lock of `parent` held.
void sweep_scratch(const std::filesystem::path& parent);

}  // namespace stack
