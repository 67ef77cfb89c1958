// SPDX-License-Identifier: Apache-2.0
#include "base/scratch.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/ids.h"

namespace stack {
namespace {

constexpr std::string_view scratch_prefix = ".tmp.";

/// A file can only be half of write_file_atomically, which ends under the lock of the parent.
bool is_held(const std::filesystem::path& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return directory && ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::filesystem::path new_name(const std::filesystem::path& parent) {
  return parent / (std::string(scratch_prefix) + random_hex(12));
}

}  // namespace

Fd nameless_file(const std::filesystem::path& directory) {
  Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) throw_errno("make a temporary file in {}", directory.native());
  return file;
}

ScratchDirectory ScratchDirectory::create(const std::filesystem::path& parent) {
  std::filesystem::path path = new_name(parent);
  fail_point("scratch.make");
  if (::mkdir(path.c_str(), 0700) != 0) throw_errno("mkdir {}", path.native());
  fail_point("scratch.hold");
  Fd held = open_file(path, O_RDONLY | O_DIRECTORY);
  if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) throw_errno("lock {}", path.native());
  return {std::move(path), std::move(held)};
}

ScratchDirectory::~ScratchDirectory() {
  if (!held_) return;
  try {
    remove_tree(path_);
  } catch (const Error&) {
    // The lock goes with held_, so the next writer's sweep takes it up.
  }
}

bool has_scratch(const std::filesystem::path& parent) {
  const std::vector<std::string> names = list_directory(parent);
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.starts_with(scratch_prefix); });
}

std::filesystem::path take_away(const std::filesystem::path& path,
                                const std::filesystem::path& parent) {
  std::filesystem::path away = new_name(parent);
  if (::rename(path.c_str(), away.c_str()) != 0) throw_errno("rename {}", path.native());
  return away;
}

void sweep_scratch(const std::filesystem::path& parent) {
  fail_point("scratch.sweep");
  for (const std::string& name : list_directory(parent)) {
    if (name.starts_with(scratch_prefix) && !is_held(parent / name)) remove_tree(parent / name);
  }
}

}  // namespace stack
