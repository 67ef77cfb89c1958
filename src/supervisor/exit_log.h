// SPDX-License-Identifier: Apache-2.0
// <run>/stacks/PROJECT/exits: one line for each process that the keeper has reaped, written before
// it was reaped. It tells how a container ended, however long nobody was there to see it. Whoever
// is there is told by the keeper that there is more to read.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace stack::supervisor {

struct ExitRecord {
  ProcessIdentity process;
  int wait_status = 0;  ///< as wait(2) gives it
  std::chrono::system_clock::time_point time;
};

/// "PID START_TIME WAIT_STATUS TIME_NS" without the newline; nothing when it is anything else.
std::optional<ExitRecord> parse_exit_record(std::string_view line);

/// Reads the log as it grows. One that somebody has cut short or written over is read from its
/// beginning: to be told of an end twice does no harm.
class ExitLog {
 public:
  explicit ExitLog(std::filesystem::path path) : path_(std::move(path)) {}
  /// Records added since the last call; an unfinished last line is left for the next.
  std::vector<ExitRecord> read_new();
  /// Everything is new again.
  void start_over() { offset_ = 0; }

 private:
  std::filesystem::path path_;
  std::uint64_t offset_ = 0;
};

}  // namespace stack::supervisor
