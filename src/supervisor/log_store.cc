// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_store.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

/// At most this much at a time, so that one flood leaves the others their turn.
constexpr std::size_t largest_chunk = 256U << 10;

/// One entry of an index file: from this byte on, the output came at this time.
struct Mark {
  std::uint64_t offset;
  std::int64_t time;  ///< nanoseconds since the epoch
};

const char* data_name(Stream stream) {
  return stream == Stream::out ? "stdout" : "stderr";
}

std::string index_name(Stream stream) {
  return std::string(data_name(stream)) + ".index";
}

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::nanoseconds(now).count();
}

/// Opened for writing at its end. Not O_APPEND: splice(2) refuses that.
Fd open_at_end(const std::filesystem::path& path) {
  Fd file = open_file(path, O_WRONLY | O_CREAT, 0600);
  if (::lseek(file.get(), 0, SEEK_END) < 0) throw_errno("seek {}", path.native());
  return file;
}

std::uint64_t position(int file) {
  const off_t offset = ::lseek(file, 0, SEEK_CUR);
  if (offset < 0) throw_errno("seek in a log");
  return static_cast<std::uint64_t>(offset);
}

}  // namespace

LogWriter::LogWriter(std::filesystem::path directory, Stream stream)
    : directory_(std::move(directory)), stream_(stream) {}

bool LogWriter::open() {
  if (data_ && index_) return true;
  try {
    data_ = open_at_end(directory_ / data_name(stream_));
    index_ = open_file(directory_ / index_name(stream_), O_WRONLY | O_CREAT | O_APPEND, 0600);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The mark goes first: killed after it, there is one mark too many; killed after the bytes, they
// would carry the time of earlier ones.
void LogWriter::index(std::uint64_t offset) {
  const Mark mark{offset, now_ns()};
  // On a full disk the lines get the time of those before them.
  [[maybe_unused]] const ssize_t written = ::write(index_.get(), &mark, sizeof(mark));
}

std::size_t LogWriter::drain(int pipe) {
  int waiting = 0;
  if (::ioctl(pipe, FIONREAD, &waiting) != 0) throw_errno("FIONREAD");
  if (waiting == 0) return 0;
  if (!open()) return discard(pipe);
  index(position(data_.get()));
  const ssize_t moved =
      ::splice(pipe, nullptr, data_.get(), nullptr, largest_chunk, SPLICE_F_NONBLOCK);
  if (moved >= 0) return static_cast<std::size_t>(moved);
  return errno == EAGAIN || errno == EINTR ? 0 : discard(pipe);
}

std::size_t LogWriter::discard(int pipe) {
  const Fd nowhere = open_file("/dev/null", O_WRONLY);
  const ssize_t moved =
      ::splice(pipe, nullptr, nowhere.get(), nullptr, largest_chunk, SPLICE_F_NONBLOCK);
  const auto size = moved < 0 ? 0 : static_cast<std::size_t>(moved);
  lost_ += size;
  return size;
}

void LogWriter::append(std::string_view bytes) {
  if (!open()) {
    lost_ += bytes.size();
    return;
  }
  const std::uint64_t before = position(data_.get());
  index(before);
  try {
    write_all(data_.get(), bytes);
  } catch (const Error&) {
    lost_ += bytes.size() - (position(data_.get()) - before);
  }
}

LogReader::LogReader(std::filesystem::path directory) : directory_(std::move(directory)) {}

namespace {

std::string read_from(const std::filesystem::path& path, std::uint64_t offset) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return {};
  if (!file) throw_errno("open {}", path.native());
  if (::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
    throw_errno("seek {}", path.native());
  return read_all(file.get());
}

using Marks = std::vector<std::pair<std::uint64_t, std::int64_t>>;

/// Adds the index's new entries. An entry that a crash left half written ends the reading.
void read_marks(const std::filesystem::path& path, std::uint64_t& offset, Marks& marks) {
  const std::string bytes = read_from(path, offset);
  std::size_t position = 0;
  for (; position + sizeof(Mark) <= bytes.size(); position += sizeof(Mark)) {
    Mark mark{};
    std::memcpy(&mark, bytes.data() + position, sizeof(mark));
    marks.emplace_back(mark.offset, mark.time);
  }
  offset += position;
}

/// Walks along the marks as offsets grow.
class Clock {
 public:
  explicit Clock(const Marks& marks) : marks_(marks) {}
  std::chrono::system_clock::time_point at(std::uint64_t offset) {
    while (next_ < marks_.size() && marks_[next_].first <= offset) ++next_;
    const std::int64_t time = next_ == 0 ? 0 : marks_[next_ - 1].second;
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(time));
  }
  /// Marks before this one are of no more use.
  std::size_t used() const { return next_ == 0 ? 0 : next_ - 1; }

 private:
  const Marks& marks_;
  std::size_t next_ = 0;
};

bool earlier(const LogLine& a, const LogLine& b) {
  return a.time < b.time;
}

std::vector<LogLine> merged(std::vector<LogLine> a, std::vector<LogLine> b) {
  const auto middle = static_cast<std::ptrdiff_t>(a.size());
  a.insert(a.end(), std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()));
  std::inplace_merge(a.begin(), a.begin() + middle, a.end(), earlier);
  return a;
}

}  // namespace

std::vector<LogLine> LogReader::read_new(bool finished) {
  const auto read_side = [&](Side& side, Stream stream) {
    const std::string fresh = read_from(directory_ / data_name(stream), side.data_read);
    // After the data: what has been read has its mark by then.
    read_marks(directory_ / index_name(stream), side.index_read, side.marks);
    std::uint64_t offset = side.data_read - side.partial.size();
    side.data_read += fresh.size();
    const std::string text = std::move(side.partial) + fresh;
    std::vector<LogLine> lines;
    Clock clock(side.marks);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      lines.push_back({stream, clock.at(offset + begin), text.substr(begin, end - begin)});
    side.partial = text.substr(begin);
    if (finished && !side.partial.empty())
      lines.push_back({stream, clock.at(offset + begin), std::exchange(side.partial, {})});
    side.marks.erase(side.marks.begin(),
                     side.marks.begin() + static_cast<std::ptrdiff_t>(clock.used()));
    return lines;
  };
  auto out = read_side(out_, Stream::out);
  return merged(std::move(out), read_side(err_, Stream::err));
}

}  // namespace stack::supervisor
