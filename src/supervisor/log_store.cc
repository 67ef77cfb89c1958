// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_store.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

/// At most this much at a time, so that one flood leaves the others their turn.
constexpr std::size_t largest_chunk = 256U << 10;
/// Smaller limits count as this: a file takes no less on disk.
constexpr std::uint64_t smallest_generation = 4096;
/// Chunks of one stream that come nearer to one another than this (ns) share a mark.
constexpr std::int64_t mark_spacing = 1'000'000;

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::nanoseconds(now).count();
}

std::uint64_t size_if_exists(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// A full disk may have left half a mark: those after it would not be read.
void cut_torn_mark(int index) {
  const std::uint64_t size = log_file_size(index);
  const std::uint64_t torn = size % sizeof(LogMark);
  if (torn != 0 && ::ftruncate(index, static_cast<off_t>(size - torn)) != 0)
    throw_errno("truncate the index of a log");
}

Fd open_index(const std::filesystem::path& path) {
  Fd file = open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  cut_torn_mark(file.get());
  return file;
}

}  // namespace

LogWriter::LogWriter(std::filesystem::path directory, LogPolicy policy)
    : directory_(std::move(directory)), policy_(policy) {
  if (policy_.max_size != 0) policy_.max_size = std::max(policy_.max_size, smallest_generation);
}

bool LogWriter::is_full() const {
  return policy_.max_size != 0 && used_ + sizeof(LogMark) >= policy_.max_size;
}

std::size_t LogWriter::make_room(Stream stream) {
  try {
    if (!generation_known_) find_generation();
    if (is_full()) {
      sides_ = {};
      ++generation_;
      used_ = 0;
    }
    if (!side(stream).data) open(stream);
  } catch (const Error&) {
    return 0;
  }
  if (policy_.max_size == 0) return largest_chunk;
  return std::min<std::uint64_t>(largest_chunk, policy_.max_size - used_ - sizeof(LogMark));
}

/// A supervisor before us may have left the newest generation anywhere between empty and full.
void LogWriter::find_generation() {
  const auto all = list_log_generations(directory_);
  generation_ = all.empty() ? 0 : all.newest();
  used_ = 0;
  for (const Stream stream : {Stream::out, Stream::err}) {
    used_ += size_if_exists(directory_ / log_data_name(stream, generation_)) +
             size_if_exists(directory_ / log_index_name(stream, generation_));
  }
  generation_known_ = true;
}

void LogWriter::open(Stream stream) {
  fail_point("log.open");
  Side opened;
  opened.index = open_index(directory_ / log_index_name(stream, generation_));
  // Not O_APPEND: splice(2) refuses that.
  opened.data =
      open_file(directory_ / log_data_name(stream, generation_), O_WRONLY | O_CREAT, 0600);
  opened.offset = log_file_size(opened.data.get());
  opened.continues = opened.offset == 0 && ends_within_line(stream);
  side(stream) = std::move(opened);
  remove_old();  // last: who follows finds the new file when the old one is gone
}

/// Whether what earlier generations hold of the stream ends without a newline.
bool LogWriter::ends_within_line(Stream stream) const {
  const auto generations = list_log_generations(directory_).of(stream);
  for (auto it = generations.rbegin(); it != generations.rend(); ++it) {
    if (*it >= generation_) continue;
    const Fd file = open_file(directory_ / log_data_name(stream, *it), O_RDONLY);
    char last = '\n';
    if (const std::uint64_t size = log_file_size(file.get()); size != 0) {
      return ::pread(file.get(), &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
    }
  }
  return false;
}

void LogWriter::remove_old() const {
  if (policy_.max_size == 0 || generation_ < policy_.max_files) return;
  const std::uint64_t newest_removed = generation_ - policy_.max_files;
  const auto all = list_log_generations(directory_);
  for (const Stream stream : {Stream::out, Stream::err}) {
    for (const std::uint64_t generation : all.of(stream)) {
      if (generation > newest_removed) break;
      // The index first: what is left of a removal cut short is found again by the other's name.
      ::unlink((directory_ / log_index_name(stream, generation)).c_str());
      ::unlink((directory_ / log_data_name(stream, generation)).c_str());
    }
  }
}

// The mark goes first: killed after it, there is one mark too many; killed after the bytes, they
// would carry the time of earlier ones. Bytes of the other stream in between need a new one: by
// marks the two are merged.
void LogWriter::mark(Stream stream) {
  Side& its = side(stream);
  const std::int64_t now = now_ns();
  const bool is_near = now >= mark_time_ && now - mark_time_ < mark_spacing;
  if (its.offset != 0 && marked_ == stream && is_near) return;
  const LogMark mark{its.offset | (its.continues ? log_line_continues : 0), now};
  its.continues = false;
  // On a full disk the lines get the time of those before them.
  const ssize_t written = ::write(its.index.get(), &mark, sizeof(mark));
  if (written == sizeof(mark)) used_ += sizeof(mark);
  if (written > 0 && written < static_cast<ssize_t>(sizeof(mark))) cut_torn_mark(its.index.get());
  marked_ = stream;
  mark_time_ = now;
}

void LogWriter::wrote(Side& side, std::size_t size) {
  side.offset += size;
  used_ += size;
}

std::size_t LogWriter::drain(Stream stream, int pipe) {
  if (!keeps_anything()) return discard(pipe);
  std::size_t moved = 0;
  for (;;) {
    int waiting = 0;
    if (::ioctl(pipe, FIONREAD, &waiting) != 0) throw_errno("FIONREAD");
    if (waiting == 0 || moved >= largest_chunk) return moved;
    const std::size_t room = make_room(stream);
    if (room == 0) return moved + lose(pipe);
    const std::size_t size = move(stream, pipe, room);
    moved += size;
    // A full generation is no reason to leave the rest.
    if (size < room || room == largest_chunk) return moved;
  }
}

std::size_t LogWriter::move(Stream stream, int pipe, std::size_t room) {
  mark(stream);
  Side& its = side(stream);
  auto offset = static_cast<loff_t>(its.offset);
  const ssize_t moved = ::splice(pipe, nullptr, its.data.get(), &offset, room, SPLICE_F_NONBLOCK);
  if (moved < 0) return errno == EAGAIN || errno == EINTR ? 0 : lose(pipe);
  wrote(its, static_cast<std::size_t>(moved));
  return static_cast<std::size_t>(moved);
}

std::size_t LogWriter::discard(int pipe) const {
  const Fd nowhere = open_file("/dev/null", O_WRONLY);
  const ssize_t moved =
      ::splice(pipe, nullptr, nowhere.get(), nullptr, largest_chunk, SPLICE_F_NONBLOCK);
  return moved < 0 ? 0 : static_cast<std::size_t>(moved);
}

std::size_t LogWriter::lose(int pipe) {
  const std::size_t size = discard(pipe);
  lost_ += size;
  return size;
}

void LogWriter::append(Stream stream, std::string_view bytes) {
  if (!keeps_anything()) return;
  while (!bytes.empty()) {
    const std::size_t room = make_room(stream);
    if (room > 0) mark(stream);
    Side& its = side(stream);
    const ssize_t written =
        room == 0 ? 0
                  : ::pwrite(its.data.get(), bytes.data(), std::min(room, bytes.size()),
                             static_cast<off_t>(its.offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      lost_ += bytes.size();
      return;
    }
    wrote(its, static_cast<std::size_t>(written));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace stack::supervisor
