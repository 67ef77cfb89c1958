// SPDX-License-Identifier: Apache-2.0
// One stream of a container's log as raw bytes: what `attach` and `run` show.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "supervisor/log_files.h"

namespace stack::cli {

class LogTail {
 public:
  /// `now`: behind what is in the log in `directory` at this moment.
  enum class Begin { now, at_start };
  LogTail(std::filesystem::path directory, supervisor::Stream stream, Begin begin = Begin::now);
  /// What has come since the last call, at most 64 KiB of it; empty when there is nothing.
  std::string read_new();

 private:
  bool open_next();

  std::filesystem::path directory_;
  supervisor::Stream stream_;
  Fd file_;
  std::optional<std::uint64_t> generation_;  ///< of file_; nothing while there is none
};

}  // namespace stack::cli
