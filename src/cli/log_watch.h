// SPDX-License-Identifier: Apache-2.0
// Tells what changed about the logs and the life of a project's containers. By inotify(7): nobody
// is asked, and nothing is done while nothing happens.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/fd.h"
#include "base/host_paths.h"

namespace stack::cli {

struct LogChanges {
  bool containers = false;      ///< some came, went, began or ended: or may have
  std::set<std::string> grown;  ///< ids of those with new output
};

class LogWatch {
 public:
  /// `events`: of the timeline, too.
  LogWatch(const HostPaths& paths, std::string project, bool events);
  /// Before a look at the containers: whatever changes from here on ends the next wait.
  void arm();
  /// Until something changed, a signal came, or `input` (-1: none) can be read. Changes that come
  /// close together are told together.
  LogChanges wait(int input = -1);
  /// What changed, without waiting.
  LogChanges look();

 private:
  void add(const std::filesystem::path& path, std::uint32_t events, const std::string& id);
  void read_events(LogChanges& changes);

  const HostPaths& paths_;
  std::string project_;
  bool events_;
  Fd inotify_;
  std::map<int, std::string> ids_;  ///< watch -> container; empty for those of all
  std::chrono::steady_clock::time_point told_{};
};

}  // namespace stack::cli
