// SPDX-License-Identifier: Apache-2.0
#include "cli/archive_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::cli {
namespace {

/// A file that is there under its name only when it is complete.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)), unfinished_(fmt::format("{}.tmp.{}", path_, ::getpid())) {
    if (std::filesystem::is_directory(path_)) fail("{} is a directory", printable(path_));
    file_ = open_file(unfinished_, O_WRONLY | O_CREAT | O_EXCL, 0600);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!kept_) ::unlink(unfinished_.c_str());
  }

  int fd() const { return file_.get(); }
  void keep() {
    if (::rename(unfinished_.c_str(), path_.c_str()) != 0) throw_errno("rename {}", unfinished_);
    kept_ = true;
  }

 private:
  std::string path_;
  std::string unfinished_;
  Fd file_;
  bool kept_ = false;
};

/// A device or a pipe is written to, not replaced.
bool is_special(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

void write_to(int fd, const std::function<void(const image::TarSink& sink)>& write) {
  write([fd](std::string_view bytes) { write_all(fd, bytes); });
}

}  // namespace

void write_archive(const std::string& path,
                   const std::function<void(const image::TarSink& sink)>& write) {
  if (path.empty()) return write_to(STDOUT_FILENO, write);
  if (is_special(path)) return write_to(open_file(path, O_WRONLY).get(), write);
  NewFile file(path);
  write_to(file.fd(), write);
  file.keep();
}

}  // namespace stack::cli
