// SPDX-License-Identifier: Apache-2.0
// One stream of a container's log, read line by line across generations, in memory for one line.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "supervisor/log_files.h"

namespace stack::supervisor {

using LogTime = std::chrono::system_clock::time_point;

/// What becomes of an unfinished last line: the container may still go on with it, or has ended.
enum class LastLine { not_yet, as_it_is };

struct LogLine {
  Stream stream = Stream::out;
  LogTime time;           ///< of its first byte
  std::string_view text;  ///< without its newline; good until the line is taken
};

/// Lines of one stream that came at the same time, as they lie in memory: whole ones, each with its
/// newline; a single one may lack it.
struct LogRun {
  Stream stream = Stream::out;
  LogTime time;
  std::string_view text;  ///< good until the run is taken
  std::size_t lines = 0;
};

/// Walks along an index as offsets grow.
class LogClock {
 public:
  /// From the index's beginning. Without an index times stay what they were.
  void open(Fd index);
  /// Whether the file's first bytes belong to a line of an earlier generation.
  bool begins_within_line();
  LogTime at(std::uint64_t offset);
  /// After at(): the first offset whose time may be another.
  std::uint64_t next_change();
  /// There may be new marks: call after data has been read, whose marks are there by then.
  void look_again() { exhausted_ = false; }

 private:
  const LogMark* next();
  bool load();

  Fd index_;
  std::uint64_t read_ = 0;
  std::array<LogMark, 1024> marks_;
  std::size_t position_ = 0;
  std::size_t count_ = 0;
  bool exhausted_ = false;
  std::int64_t time_ = 0;
};

class LogStream {
 public:
  LogStream(std::filesystem::path directory, Stream stream);

  /// The next line; nothing when there is none (yet). Longer ones than a MiB come in pieces.
  const LogLine* front(LastLine last);
  /// After front() had a line: that one and those behind it that came with it, up to `most`. Looks
  /// no further than what has been read. They are what take() goes behind.
  LogRun run(std::size_t most);
  /// Goes on behind front(), or run().
  void take();
  /// After front() had nothing: there may be something new.
  void look_again() { exhausted_ = false; }
  /// There is nothing behind what is there now, until go_on(): so that reading ends although the
  /// container writes faster.
  void end_at_present();
  void go_on() { end_.reset(); }
  /// How often bytes have been read from disk.
  std::uint64_t reads() const { return reads_; }

  /// Before the first front(): begins `lines` lines before the end of what is there, or where it
  /// begins when there are not so many. Reads backwards. Returns how many lines will come.
  std::size_t skip_to_last(std::size_t lines, LastLine last);
  /// Before the first front(): leaves out what came before `time` as far as the index tells; the
  /// first lines may still be older.
  void skip_before(LogTime time);

 private:
  std::size_t find_newline(std::size_t from) const;
  std::size_t end_of_same_time();
  bool find_line(LastLine last);
  void set_front(std::size_t size, std::size_t skipped_after);
  bool fill();
  void make_space();
  bool next_generation();
  bool open_generation(std::uint64_t generation, std::uint64_t offset);
  LogTime time_of(std::size_t position);

  struct End {
    std::uint64_t generation = 0;
    std::uint64_t offset = 0;
  };

  std::filesystem::path directory_;
  Stream stream_;
  Fd data_;
  LogClock clock_;
  std::optional<std::uint64_t> generation_;  ///< that data_ is of
  std::string buffer_;
  std::size_t begin_ = 0;    ///< of the bytes not taken yet
  std::size_t scanned_ = 0;  ///< no newline between begin_ and here
  std::size_t filled_ = 0;
  /// Where buffer_[0] lies in the file; negative when the buffer begins with bytes of an earlier
  /// one, which came at carried_time_.
  std::int64_t base_ = 0;
  LogTime carried_time_;
  bool within_line_ = false;  ///< what comes up to the next newline is not to be shown
  bool exhausted_ = false;
  bool has_front_ = false;
  std::optional<End> end_;
  LogLine front_;
  std::size_t after_front_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace stack::supervisor
