// SPDX-License-Identifier: Apache-2.0
// Waits until something changes in directories, or on the way to one while it is not there. By
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
  DirectoryWatch();
  /// Before a look at these, and no others: whatever changes there from here on ends the next wait.
  void arm(const std::set<std::filesystem::path>& directories);
  /// Until something changed, `deadline` came, or a signal that is not in `blocked` did.
  void wait(std::optional<std::chrono::system_clock::time_point> deadline, const sigset_t& blocked);

 private:
  /// Adds to `watched` what tells of changes in this directory; false when it went just now.
  bool watch(const std::filesystem::path& nearest, std::set<int>& watched);

  Fd inotify_;
  std::set<int> watched_;
};

}  // namespace stack::cli
