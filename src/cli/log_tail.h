// SPDX-License-Identifier: Apache-2.0
// One stream of a container's log as raw bytes, from now on: what `attach` shows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace stack::cli {

class LogTail {
 public:
  /// `stream`: "stdout" or "stderr", the beginning of the files' names in `directory`. Begins
  /// behind what is there at this moment.
  LogTail(std::filesystem::path directory, std::string_view stream);
  /// What has come since the last call, at most 64 KiB of it; empty when there is nothing.
  std::string read_new();

 private:
  bool open_next();

  std::filesystem::path directory_;
  std::string stream_;
  Fd file_;
  std::optional<std::uint64_t> generation_;  ///< of file_; nothing while there is none
};

}  // namespace stack::cli
