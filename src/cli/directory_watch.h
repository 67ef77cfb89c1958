// SPDX-License-Identifier: Apache-2.0
// Waits until something changes in a directory, or on the way to it while it is not there. By
// inotify(7): nothing is done while nothing happens.
#pragma once

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>

#include "base/fd.h"

namespace stack::cli {

class DirectoryWatch {
 public:
  explicit DirectoryWatch(std::filesystem::path directory);
  /// Before a look: whatever changes from here on ends the next wait.
  void arm();
  /// Until something changed, `deadline` came, or a signal that is not in `blocked` did.
  void wait(std::optional<std::chrono::system_clock::time_point> deadline, const sigset_t& blocked);

 private:
  std::filesystem::path directory_;
  Fd inotify_;
  std::set<int> watched_;
};

}  // namespace stack::cli
