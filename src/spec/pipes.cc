// SPDX-License-Identifier: Apache-2.0
#include "spec/pipes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <map>

#include "base/files.h"
#include "base/inquiry.h"

namespace stack::spec {

std::optional<std::string> read_pipe(const std::string& path) {
  const dev_t null_device = makedev(1, 3);  // linux/Documentation/admin-guide/devices.txt
  constexpr std::uint64_t most = 64U << 20;
  static std::map<std::string, std::string> known;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  if (S_ISCHR(info.st_mode) && info.st_rdev == null_device) {
    void_inquiry();
    return std::string();
  }
  if (!S_ISFIFO(info.st_mode)) return std::nullopt;
  void_inquiry();  // nobody can ask it again
  const auto [place, is_new] = known.try_emplace(path);
  if (is_new) place->second = read_all(open_file(path, O_RDONLY).get(), most);
  return place->second;
}

}  // namespace stack::spec
