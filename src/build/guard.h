// SPDX-License-Identifier: Apache-2.0
// Nothing that a build runs outlives it: a small process waits for the end of the builder, however
// that comes, and then kills what is in the build's cgroups, and does what a builder that was
// killed could not do. A build whose guard was killed as well is cleared away by the next one.
#pragma once

#include <functional>
#include <string>

#include "base/fd.h"

namespace stack::build {

class Guard {
 public:
  /// Clears what dead builds have left, and forks. `left_behind`: called in the other process when
  /// the builder has gone without a word, after all that it ran. The caller must be
  /// single-threaded.
  explicit Guard(const std::function<void()>& left_behind);
  /// Kills what is left, and waits for the guard.
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Kills what runs.
  void end_all();
  /// A new cgroup of this build: "stack/.build/PID-START/N".
  std::string next_cgroup();

 private:
  std::string top_;
  Fd alive_;  ///< its end, in all who hold it, is the end of the build
  int guard_ = 0;
  int count_ = 0;
};

}  // namespace stack::build
