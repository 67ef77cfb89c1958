// SPDX-License-Identifier: Apache-2.0
// Whether a path still leads to a file that is open here: locks' files are removed by their
// holders.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/format.h"

namespace stack {

/// False as well when `path` leads nowhere. Follows links, as stat(2) does.
inline bool is_file_at(int fd, const std::filesystem::path& path) {
  struct stat held {
  }, named{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/// Which file it is, and in which state: another one when its content may be another.
inline std::string state_of_file(const struct stat& info) {
  return fmt::format("{}:{}:{}:{}.{}:{}.{}", info.st_dev, info.st_ino, info.st_size,
                     info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                     info.st_ctim.tv_nsec);
}

}  // namespace stack
