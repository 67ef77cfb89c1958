// SPDX-License-Identifier: Apache-2.0
#include "image/mount_points.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/scratch.h"

namespace stack::image {
namespace {

void make_file(const std::filesystem::path& path, mode_t mode) {
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (::fchmod(file.get(), mode) != 0) throw_errno("chmod {}", path.native());
}

void fill(const std::filesystem::path& layer) {
  for (const char* const name : {"dev", "etc", "proc", "sys"}) make_directories(layer / name, 0755);
  for (const char* const name : {"etc/hostname", "etc/hosts", "etc/resolv.conf"})
    make_file(layer / name, 0644);
  // What programs look at docker's container by, and what old ones list mounts by.
  make_file(layer / ".dockerenv", 0755);
  std::filesystem::create_symlink("/proc/mounts", layer / "etc/mtab");
}

}  // namespace

std::filesystem::path mount_points(const StorePaths& paths) {
  // The number rises with what is in it: one that is there may be mounted.
  const std::filesystem::path layer = paths.root / "mount-points-2";
  if (stack::exists(layer)) return layer;
  const FileLock lock = FileLock::acquire(paths.lock());
  if (stack::exists(layer)) return layer;  // another was faster
  const ScratchDirectory scratch = ScratchDirectory::create(paths.root);
  fill(scratch.path() / "tree");
  if (::rename((scratch.path() / "tree").c_str(), layer.c_str()) != 0)
    throw_errno("rename to {}", layer.native());
  return layer;
}

}  // namespace stack::image
