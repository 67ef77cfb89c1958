// SPDX-License-Identifier: Apache-2.0
// Deletes the directories of removed containers on a thread of its own: a large writable layer must
// not keep the stack's names and ports waiting.
#pragma once

#include <filesystem>
#include <string>

#include "supervisor/async.h"

namespace stack::supervisor {

class Sweeper {
 public:
  Sweeper(Loop& loop, std::filesystem::path directory)
      : loop_(loop), directory_(std::move(directory)), idle_(loop) {}

  /// `name` in the directory is gone when this returns, or was before; its space comes free later.
  void discard(const std::string& name);
  /// The same for a directory elsewhere on its file system; fine when it is not there.
  void discard(const std::filesystem::path& path, const std::string& name);
  /// Deletes what was discarded, here or by a former supervisor that did not get to it.
  void sweep();
  bool busy() const { return busy_; }
  Awaitable<void> finished();

 private:
  Awaitable<void> run();
  Awaitable<void> run_once();

  Loop& loop_;
  std::filesystem::path directory_;
  bool requested_ = false;
  bool busy_ = false;
  Signal idle_;
};

}  // namespace stack::supervisor
