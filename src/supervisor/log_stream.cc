// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_stream.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

#include "base/error.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

constexpr std::size_t piece = 256U << 10;
/// A line with no end would need memory without end.
constexpr std::size_t longest_line = 1U << 20;

LogTime to_time(std::int64_t nanoseconds) {
  return LogTime(std::chrono::nanoseconds(nanoseconds));
}

std::size_t read_at(int file, void* to, std::size_t size, std::uint64_t offset) {
  for (;;) {
    const ssize_t count = ::pread(file, to, size, static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_errno("reading a log");
  }
}

/// Nothing when the file is not there (any more).
Fd open_if_exists(const std::filesystem::path& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) throw_errno("open {}", path.native());
  return file;
}

/// Looks for the `wanted`-th newline from the end of the file's first `size` bytes; takes those it
/// meets from `wanted`, and returns the offset behind the one it looked for.
std::optional<std::uint64_t> after_newline_from_end(int file, std::uint64_t size,
                                                    std::size_t& wanted) {
  std::string buffer(std::min<std::uint64_t>(piece, size), '\0');
  for (std::uint64_t end = size; end > 0;) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, buffer.size());
    const std::size_t count = read_at(file, buffer.data(), end - begin, begin);
    std::string_view bytes(buffer.data(), count);
    for (std::size_t at = 0; (at = bytes.rfind('\n')) != std::string_view::npos;) {
      if (--wanted == 0) return begin + at + 1;
      bytes = bytes.substr(0, at);
    }
    end = begin;
  }
  return std::nullopt;
}

/// Where in the data the first bytes lie that came at `time` or later.
std::optional<std::uint64_t> first_mark_since(int index, LogTime time) {
  const std::int64_t since = time.time_since_epoch() / std::chrono::nanoseconds(1);
  std::array<LogMark, 1024> marks;
  for (std::uint64_t position = 0;;) {
    const std::size_t count =
        read_at(index, marks.data(), sizeof(marks), position) / sizeof(LogMark);
    if (count == 0) return std::nullopt;
    const std::span read(marks.data(), count);
    const auto found =
        std::ranges::find_if(read, [&](const LogMark& mark) { return mark.time >= since; });
    if (found != read.end()) return found->offset & ~log_line_continues;
    position += count * sizeof(LogMark);
  }
}

}  // namespace

// ---- times

void LogClock::open(Fd index) {
  index_ = std::move(index);
  read_ = 0;
  position_ = count_ = 0;
  exhausted_ = false;
}

bool LogClock::load() {
  if (exhausted_ || !index_) return false;
  const std::size_t size = read_at(index_.get(), marks_.data(), sizeof(marks_), read_);
  count_ = size / sizeof(LogMark);  // the rest of one that a full disk tore is left where it is
  position_ = 0;
  read_ += count_ * sizeof(LogMark);
  exhausted_ = count_ == 0;
  return count_ > 0;
}

const LogMark* LogClock::next() {
  return position_ < count_ || load() ? &marks_[position_] : nullptr;
}

bool LogClock::begins_within_line() {
  const LogMark* const first = next();
  return first != nullptr && (first->offset & log_line_continues) != 0;
}

LogTime LogClock::at(std::uint64_t offset) {
  for (const LogMark* mark = next();
       mark != nullptr && (mark->offset & ~log_line_continues) <= offset; mark = next()) {
    time_ = mark->time;
    ++position_;
  }
  return to_time(time_);
}

std::uint64_t LogClock::next_change() {
  const LogMark* const mark = next();
  return mark == nullptr ? std::numeric_limits<std::uint64_t>::max()
                         : mark->offset & ~log_line_continues;
}

// ---- lines

LogStream::LogStream(std::filesystem::path directory, Stream stream)
    : directory_(std::move(directory)), stream_(stream) {}

LogTime LogStream::time_of(std::size_t position) {
  const std::int64_t offset = base_ + static_cast<std::int64_t>(position);
  return offset < 0 ? carried_time_ : clock_.at(static_cast<std::uint64_t>(offset));
}

void LogStream::set_front(std::size_t size, std::size_t skipped_after) {
  front_ = {stream_, time_of(begin_), std::string_view(buffer_).substr(begin_, size)};
  after_front_ = begin_ + size + skipped_after;
  has_front_ = true;
}

void LogStream::take() {
  has_front_ = false;
  begin_ = scanned_ = after_front_;
}

/// Behind the front: where in the buffer lines end to have its time.
std::size_t LogStream::end_of_same_time() {
  const std::int64_t begin = base_ + static_cast<std::int64_t>(begin_);
  // The time of what is left of an earlier generation is not the clock's. A line without an end is
  // followed by nothing, or by the rest of itself.
  if (begin < 0 || buffer_[after_front_ - 1] != '\n') return after_front_;
  const auto offset = static_cast<std::uint64_t>(base_ + static_cast<std::int64_t>(after_front_));
  const std::uint64_t change = std::max(clock_.next_change(), offset);
  return after_front_ + std::min<std::uint64_t>(change - offset, filled_ - after_front_);
}

/// filled_ when there is none.
std::size_t LogStream::find_newline(std::size_t from) const {
  const void* const found = std::memchr(buffer_.data() + from, '\n', filled_ - from);
  if (found == nullptr) return filled_;
  return static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
}

LogRun LogStream::run(std::size_t most) {
  std::size_t lines = 1;
  for (const std::size_t end = end_of_same_time(); lines < most && after_front_ < end; ++lines) {
    const std::size_t newline = find_newline(after_front_);
    if (newline == filled_) break;
    after_front_ = newline + 1;
  }
  return {stream_, front_.time, std::string_view(buffer_).substr(begin_, after_front_ - begin_),
          lines};
}

/// In what has been read. Eats the rest of a line whose beginning is gone.
bool LogStream::find_line(LastLine last) {
  while (scanned_ < filled_) {
    const std::size_t newline = scanned_ = find_newline(scanned_);
    if (within_line_) {
      begin_ = scanned_ = std::min(newline + 1, filled_);
      within_line_ = newline == filled_;
    } else if (newline != filled_) {
      set_front(newline - begin_, 1);
      return true;
    }
  }
  if (filled_ - begin_ >= longest_line) {
    set_front(longest_line, 0);
    return true;
  }
  if (last == LastLine::not_yet || begin_ == filled_) return false;
  set_front(filled_ - begin_, 0);
  return true;
}

const LogLine* LogStream::front(LastLine last) {
  if (has_front_) return &front_;
  if (find_line(LastLine::not_yet)) return &front_;
  while (!exhausted_) {
    if (!fill() && !next_generation()) exhausted_ = true;
    if (find_line(LastLine::not_yet)) return &front_;
  }
  return find_line(last) ? &front_ : nullptr;
}

void LogStream::make_space() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    base_ += static_cast<std::int64_t>(begin_);
    filled_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - filled_ < piece) buffer_.resize(filled_ + piece);
}

bool LogStream::fill() {
  if (!data_) return false;
  make_space();
  const auto offset = static_cast<std::uint64_t>(base_ + static_cast<std::int64_t>(filled_));
  std::uint64_t wanted = buffer_.size() - filled_;
  if (end_ && generation_ == end_->generation)
    wanted = std::min(wanted, end_->offset - std::min(end_->offset, offset));
  const std::size_t count = read_at(data_.get(), buffer_.data() + filled_, wanted, offset);
  filled_ += count;
  if (count == 0) return false;
  clock_.look_again();
  ++reads_;
  return true;
}

/// Opens the file that the stream goes on in, if there is one. Files of a later generation mean
/// that nothing is written to ours any more: what came to it before they did is read first.
bool LogStream::next_generation() {
  for (;;) {
    const LogGenerations all = list_log_generations(directory_);
    const auto& ours = all.of(stream_);
    const auto next = generation_ ? ours.upper_bound(*generation_) : ours.begin();
    if (generation_ && !all.empty() && all.newest() > *generation_ && fill()) return true;
    if (next == ours.end() || (end_ && *next > end_->generation)) return false;
    const std::uint64_t expected = generation_ ? *generation_ + 1 : 0;
    const bool gap = all.oldest() > expected;
    if (gap) begin_ = scanned_ = filled_;      // the end of a line that was begun is gone
    if (!open_generation(*next, 0)) continue;  // removed meanwhile
    if (gap) within_line_ = clock_.begins_within_line();
    return true;
  }
}

bool LogStream::open_generation(std::uint64_t generation, std::uint64_t offset) {
  Fd data = open_if_exists(directory_ / log_data_name(stream_, generation));
  if (!data) return false;
  if (begin_ < filled_) carried_time_ = time_of(begin_);
  data_ = std::move(data);
  generation_ = generation;
  clock_.open(open_if_exists(directory_ / log_index_name(stream_, generation)));
  base_ = static_cast<std::int64_t>(offset) - static_cast<std::int64_t>(filled_);
  return true;
}

// ---- where to begin and to end

void LogStream::end_at_present() {
  end_.emplace();
  const auto generations = list_log_generations(directory_).of(stream_);
  if (generations.empty()) return;
  end_->generation = *generations.rbegin();
  const Fd data = open_if_exists(directory_ / log_data_name(stream_, end_->generation));
  if (data) end_->offset = log_file_size(data.get());
}

std::size_t LogStream::skip_to_last(std::size_t lines, LastLine last) {
  const auto generations = list_log_generations(directory_).of(stream_);
  std::optional<std::size_t> wanted;  // newlines still to be met; known when the end has been seen
  std::size_t asked = 0;
  for (auto it = generations.rbegin(); it != generations.rend(); ++it) {
    const Fd file = open_if_exists(directory_ / log_data_name(stream_, *it));
    if (!file) break;
    const std::uint64_t size = log_file_size(file.get());
    if (size == 0) continue;
    if (!wanted) {
      char end = '\n';
      read_at(file.get(), &end, 1, size - 1);
      // The newline at the end of the last line is none before the lines that are asked for.
      wanted = asked = lines + (end != '\n' && last == LastLine::as_it_is ? 0 : 1);
    }
    const auto offset =
        *wanted == 0 ? std::optional(size) : after_newline_from_end(file.get(), size, *wanted);
    if (offset && open_generation(*it, *offset)) return lines;
  }
  if (!wanted) return 0;
  const std::size_t newlines = asked - *wanted;
  return newlines + (lines + 1 - asked);
}

void LogStream::skip_before(LogTime time) {
  const auto generations = list_log_generations(directory_).of(stream_);
  for (const std::uint64_t generation : generations) {
    const Fd data = open_if_exists(directory_ / log_data_name(stream_, generation));
    if (!data) continue;
    // Before its marks, which are written before what they mark: what comes meanwhile is new.
    const std::uint64_t size = log_file_size(data.get());
    const Fd index = open_if_exists(directory_ / log_index_name(stream_, generation));
    auto offset = index ? first_mark_since(index.get(), time) : 0;
    if (!offset && generation != *generations.rbegin()) continue;
    if (!offset) offset = size;
    // A mark may stand in the middle of a line, which then belongs to what came before.
    if (!open_generation(generation, *offset == 0 ? 0 : *offset - 1)) continue;
    within_line_ = *offset > 0 || clock_.begins_within_line();
    return;
  }
}

}  // namespace stack::supervisor
