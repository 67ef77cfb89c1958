// SPDX-License-Identifier: Apache-2.0
// The writing side of a container's log (log_files.h says what it looks like). Bytes go from the
// container's FIFO to the file by splice(2), which moves them or does not: a supervisor killed at
// any instant loses and doubles nothing, whatever it was doing to the files.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/fd.h"
#include "supervisor/container_config.h"
#include "supervisor/log_files.h"

namespace stack::supervisor {

/// One per container. Its files are made with the first byte.
class LogWriter {
 public:
  LogWriter(std::filesystem::path directory, LogPolicy policy);
  bool keeps_anything() const { return policy_.kept == LogPolicy::Kept::files; }
  /// Moves what the pipe holds, some 256 KiB of it at most, without blocking; returns the number of
  /// bytes moved. What a full or failing disk does not take is thrown away and counted: a container
  /// never stalls for its log.
  std::size_t drain(Stream stream, int pipe);
  /// For terminals, where there is nothing to splice from.
  void append(Stream stream, std::string_view bytes);
  /// Bytes that should have been kept and were thrown away, so far.
  std::uint64_t lost() const { return lost_; }

 private:
  struct Side {
    Fd data;
    Fd index;
    std::uint64_t offset = 0;  ///< where the next byte goes
    bool continues = false;    ///< the file's first bytes belong to a line of an earlier one
  };

  /// Opens the stream's files, in a new generation when this one is full. Returns how many bytes
  /// may be written now; 0 when the files cannot be had.
  std::size_t make_room(Stream stream);
  bool is_full() const;
  void open(Stream stream);
  void find_generation();
  bool ends_within_line(Stream stream) const;
  void remove_old() const;
  void mark(Stream stream);
  std::size_t move(Stream stream, int pipe, std::size_t room);
  void wrote(Side& side, std::size_t size);
  std::size_t discard(int pipe) const;
  std::size_t lose(int pipe);
  Side& side(Stream stream) { return sides_[static_cast<std::size_t>(stream)]; }

  std::filesystem::path directory_;
  LogPolicy policy_;
  std::array<Side, 2> sides_;
  bool generation_known_ = false;
  std::uint64_t generation_ = 0;
  std::uint64_t used_ = 0;  ///< bytes of the generation's four files
  Stream marked_ = Stream::out;
  std::int64_t mark_time_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace stack::supervisor
