// SPDX-License-Identifier: Apache-2.0
#include "cli/log_tail.h"

#include <fcntl.h>
#include <unistd.h>

namespace stack::cli {
namespace {

std::string read_some(int fd) {
  std::string bytes(65536, '\0');
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

}  // namespace

LogTail::LogTail(std::filesystem::path directory, supervisor::Stream stream, Begin begin)
    : directory_(std::move(directory)), stream_(stream) {
  if (begin == Begin::at_start) return;
  while (open_next()) {
  }
  if (file_) ::lseek(file_.get(), 0, SEEK_END);
}

std::string LogTail::read_new() {
  for (;;) {
    std::string bytes = file_ ? read_some(file_.get()) : std::string();
    if (!bytes.empty()) return bytes;
    Fd before = std::move(file_);
    const bool moved = open_next();
    if (!moved) file_ = std::move(before);
    if (!moved) return bytes;
    // A file is not written to any more once it has a successor, but it may have been between our
    // last look and that.
    if (before) bytes = read_some(before.get());
    if (!bytes.empty()) return bytes;
  }
}

/// Goes on to the next generation that is there.
bool LogTail::open_next() {
  const auto generations = supervisor::list_log_generations(directory_).of(stream_);
  const auto next = generation_ ? generations.upper_bound(*generation_) : generations.begin();
  if (next == generations.end()) return false;
  const auto path = directory_ / supervisor::log_data_name(stream_, *next);
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  file_ = std::move(file);
  generation_ = *next;
  return true;
}

}  // namespace stack::cli
