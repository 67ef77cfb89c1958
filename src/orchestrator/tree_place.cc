// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/tree_place.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"

namespace stack::orchestrator {
namespace {

constexpr int most_links = 10;  // as docker cp

bool is_missing(const Error& error) {
  return error.error_number() == ENOENT || error.error_number() == ENOTDIR;
}

Fd open_directory(int root, const std::string& path) {
  try {
    return open_in_root(root, path, O_PATH | O_DIRECTORY);
  } catch (const Error& error) {
    if (!is_missing(error)) throw;
  }
  return Fd();
}

FileKind kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return FileKind::directory;
  return S_ISREG(mode) || S_ISLNK(mode) ? FileKind::file : FileKind::other;
}

}  // namespace

TreePlace find_place(int root, std::string path, LastLink last_link) {
  for (int links = 0; links <= most_links; ++links) {
    TreePlace place{path, open_directory(root, directory_of(path)), last_name_of(path),
                    FileKind::absent};
    struct stat info {};
    if (!place.directory) return place;
    if (::fstatat(place.directory.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) throw_errno("stat {}", path);
      return place;
    }
    place.kind = kind_of(info.st_mode);
    if (!S_ISLNK(info.st_mode) || last_link == LastLink::keep) return place;
    path = clean_absolute(read_link(place.directory.get(), place.name), directory_of(path));
  }
  throw Error(path, ELOOP);
}

}  // namespace stack::orchestrator
