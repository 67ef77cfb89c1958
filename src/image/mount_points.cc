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

void fill(const std::filesystem::path& layer) {
  constexpr mode_t of_directories = 0755;
  constexpr mode_t of_files = 0644;
  for (const char* const name : {"dev", "etc", "proc", "sys"})
    make_directories(layer / name, of_directories);
  for (const char* const name : {"etc/hostname", "etc/hosts", "etc/resolv.conf"}) {
    const Fd file = open_file(layer / name, O_WRONLY | O_CREAT | O_EXCL, of_files);
    if (::fchmod(file.get(), of_files) != 0) throw_errno("chmod {}", (layer / name).native());
  }
}

}  // namespace

std::filesystem::path mount_points(const StorePaths& paths) {
  const std::filesystem::path layer = paths.root / "mount-points";
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
