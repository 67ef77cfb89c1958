// SPDX-License-Identifier: Apache-2.0
#include "volumes/usage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>
#include <string_view>
#include <utility>

#include "base/directory_stream.h"
#include "base/error.h"

namespace stack::volumes {
namespace {

enum class Count { blocks, content };

class Usage {
 public:
  explicit Usage(Count what) : what_(what) {}

  std::uint64_t of(Fd directory) {
    struct stat info {};
    if (::fstat(directory.get(), &info) != 0) throw_errno("stat directory");
    device_ = info.st_dev;
    count(info);
    walk(std::move(directory));
    return bytes_;
  }

 private:
  void walk(Fd directory) {
    const DirectoryStream entries(::fdopendir(directory.get()));
    if (!entries) throw_errno("read directory");
    const int fd = directory.release();  // owned by the stream now
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") visit(fd, entry->d_name);
    }
  }

  void visit(int parent, const char* name) {
    struct stat info {};
    if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_dev != device_) return;
    count(info);
    if (!S_ISDIR(info.st_mode)) return;
    Fd child(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (child) walk(std::move(child));
  }

  void count(const struct stat& info) {
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1 && !seen_.insert(info.st_ino).second) return;
    if (what_ == Count::blocks)
      bytes_ += static_cast<std::uint64_t>(info.st_blocks) * 512;
    else if (!S_ISDIR(info.st_mode))
      bytes_ += static_cast<std::uint64_t>(info.st_size);
  }

  Count what_;
  dev_t device_ = 0;
  std::uint64_t bytes_ = 0;
  std::set<ino_t> seen_;
};

}  // namespace

std::uint64_t disk_usage(Fd directory) {
  return Usage(Count::blocks).of(std::move(directory));
}

std::uint64_t disk_usage(const std::filesystem::path& directory) {
  Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened ? disk_usage(std::move(opened)) : 0;
}

std::uint64_t file_bytes(const std::filesystem::path& directory) {
  Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened ? Usage(Count::content).of(std::move(opened)) : 0;
}

}  // namespace stack::volumes
