// SPDX-License-Identifier: Apache-2.0
#include "cli/log_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::cli {
namespace {

/// "stdout" is generation 0, "stdout.2" is 2; nothing for other files.
std::optional<std::uint64_t> generation_of(const std::string& name, const std::string& stream) {
  if (name == stream) return 0;
  if (!name.starts_with(stream + ".")) return std::nullopt;
  return parse_integer<std::uint64_t>(name.substr(stream.size() + 1));
}

std::string file_name(const std::string& stream, std::uint64_t generation) {
  return generation == 0 ? stream : fmt::format("{}.{}", stream, generation);
}

std::string read_some(int fd) {
  std::string bytes(65536, '\0');
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

}  // namespace

LogTail::LogTail(std::filesystem::path directory, std::string_view stream)
    : directory_(std::move(directory)), stream_(stream) {
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
  std::optional<std::uint64_t> next;
  for (const std::string& name : list_directory(directory_)) {
    const auto generation = generation_of(name, stream_);
    const bool newer = generation && (!generation_ || *generation > *generation_);
    if (newer && (!next || *generation < *next)) next = generation;
  }
  if (!next) return false;
  Fd file(::open((directory_ / file_name(stream_, *next)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  file_ = std::move(file);
  generation_ = next;
  return true;
}

}  // namespace stack::cli
