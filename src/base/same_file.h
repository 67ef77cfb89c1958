// SPDX-License-Identifier: Apache-2.0
// Whether a path still leads to a file that is open here: locks' files are removed by their
// holders.
#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace stack {

/// False as well when `path` leads nowhere. Follows links, as stat(2) does.
inline bool is_file_at(int fd, const std::filesystem::path& path) {
  struct stat held {
  }, named{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace stack
