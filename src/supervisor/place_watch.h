// SPDX-License-Identifier: Apache-2.0
// Waits for something to appear at a path of a running container, by inotify(7) on the nearest
// directory above it that there is. Every step is taken below the container's root: its links lead
// nowhere else.
#pragma once

#include <string>

#include "base/process.h"
#include "supervisor/async.h"

namespace stack::supervisor {

class PlaceWatch {
 public:
  /// Throws Error when the process is gone.
  PlaceWatch(Loop& loop, const ProcessIdentity& container, std::string path);

  /// What is there (O_PATH, a link at the end followed); none when nothing is. What appears after
  /// this call makes changed_until() return.
  Fd find();
  /// Until something happens near the path, or `deadline`: of what appears behind a link that leads
  /// nowhere, by a mount, or on a file system of another machine the kernel tells nobody.
  Awaitable<void> changed_until(Clock::time_point deadline);
  /// Ends changed_until().
  void cancel();

 private:
  Fd try_open(const std::string& path, int flags) const;
  std::string nearest_directory(Fd& directory) const;
  void watch_only(const Fd& directory);

  std::string path_;
  Fd root_;
  Descriptor inotify_;
  int watched_ = -1;
};

}  // namespace stack::supervisor
