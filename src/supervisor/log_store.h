// SPDX-License-Identifier: Apache-2.0
// A container's output on disk. The bytes go from the container's FIFO to <dir>/stdout and
// <dir>/stderr by splice(2), which moves them or does not: a supervisor killed at any instant loses
// and doubles nothing. Beside each, <dir>/stdout.index says when which bytes came: one record
// {offset, time} a chunk, enough to show time stamps and to merge the two streams.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace stack::supervisor {

enum class Stream { out, err };

/// The writing side, one per stream of one container. Its files are made with the first byte.
class LogWriter {
 public:
  LogWriter(std::filesystem::path directory, Stream stream);
  /// Moves what the pipe holds, at most 256 KiB of it, without blocking; returns the number of
  /// bytes moved. What a full or failing disk does not take is thrown away and counted: a container
  /// never stalls for its log.
  std::size_t drain(int pipe);
  /// For terminals, where there is nothing to splice from.
  void append(std::string_view bytes);
  /// Bytes thrown away so far.
  std::uint64_t lost() const { return lost_; }

 private:
  void index(std::uint64_t offset);
  std::size_t discard(int pipe);
  /// False when the files cannot be opened (now).
  bool open();
  std::filesystem::path directory_;
  Stream stream_;
  Fd data_;
  Fd index_;
  std::uint64_t lost_ = 0;
};

struct LogLine {
  Stream stream = Stream::out;
  std::chrono::system_clock::time_point time;
  std::string text;  ///< without its newline
};

/// The reading side: complete lines of both streams, merged by time. Never touches the supervisor.
class LogReader {
 public:
  explicit LogReader(std::filesystem::path directory);
  /// Lines that came since the last call; an unfinished last line only when `finished` (the
  /// container has ended). The first call returns everything.
  std::vector<LogLine> read_new(bool finished);
  const std::filesystem::path& directory() const { return directory_; }

 private:
  struct Side {
    std::uint64_t data_read = 0;
    std::uint64_t index_read = 0;
    std::vector<std::pair<std::uint64_t, std::int64_t>> marks;
    std::string partial;
  };
  std::filesystem::path directory_;
  Side out_;
  Side err_;
};

}  // namespace stack::supervisor
