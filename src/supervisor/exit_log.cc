// SPDX-License-Identifier: Apache-2.0
#include "supervisor/exit_log.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::supervisor {
namespace {

/// A line ends before `offset`, as it did when that was reached.
bool is_as_before(int file, std::uint64_t offset) {
  char last = 0;
  return offset == 0 ||
         (::pread(file, &last, 1, static_cast<off_t>(offset - 1)) == 1 && last == '\n');
}

/// What is there from `offset` on, which becomes 0 when the file is not what it was.
std::string read_from(const std::filesystem::path& path, std::uint64_t& offset) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return {};
  if (!file) throw_errno("open {}", path.native());
  if (!is_as_before(file.get(), offset)) offset = 0;
  if (::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
    throw_errno("seek {}", path.native());
  return read_all(file.get());
}

}  // namespace

std::optional<ExitRecord> parse_exit_record(std::string_view line) {
  const auto fields = split(line, ' ');
  if (fields.size() != 4) return std::nullopt;
  const auto pid = parse_integer<pid_t>(fields[0]);
  const auto start = parse_integer<std::uint64_t>(fields[1]);
  const auto status = parse_integer<int>(fields[2]);
  const auto time = parse_integer<std::int64_t>(fields[3]);
  if (!pid || !start || !status || !time) return std::nullopt;
  const std::chrono::nanoseconds since_epoch(*time);
  return ExitRecord{{*pid, *start}, *status, std::chrono::system_clock::time_point(since_epoch)};
}

std::vector<ExitRecord> ExitLog::read_new() {
  std::vector<ExitRecord> records;
  const std::string text = read_from(path_, offset_);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const auto record = parse_exit_record(std::string_view(text).substr(begin, end - begin));
    if (record) records.push_back(*record);
  }
  offset_ += begin;
  return records;
}

}  // namespace stack::supervisor
