// SPDX-License-Identifier: Apache-2.0
// Tells which files below some directories change, by inotify(7): nothing is done while nothing
// happens. Directories that come are watched from then on, and what is in them by then is told.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/fd.h"

namespace stack::cli {

class TreeWatch {
 public:
  /// Directories for which it is true are not gone into. Gets absolute paths.
  using Skip = std::function<bool(const std::string& directory)>;
  explicit TreeWatch(Skip skip);

  /// A directory with all below it, or one file. What is not there is waited for where it would be.
  void add(const std::filesystem::path& path);

  /// Waits until something changes and then until nothing has for `quiet`. Absolute paths of files
  /// that came, changed or went. Empty when a signal that is not in `blocked` came.
  std::set<std::string> wait(std::chrono::milliseconds quiet, const sigset_t& blocked);

 private:
  void add_directory(const std::string& directory, std::set<std::string>* found);
  void add_one(const std::string& directory);
  bool is_asked_for(const std::string& path) const;
  void read_events(std::set<std::string>& changed);
  void note(const std::string& directory, const char* name, std::uint32_t what,
            std::set<std::string>& changed);

  Skip skip_;
  Fd inotify_;
  std::set<std::string> roots_;
  std::map<int, std::string> directories_;  ///< by watch
};

}  // namespace stack::cli
