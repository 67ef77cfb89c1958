// SPDX-License-Identifier: Apache-2.0
// stack watch: what changes in the sources reaches the containers.
#pragma once

#include <sys/types.h>

#include "cli/command.h"
#include "spec/model.h"

namespace stack::cli {

Command watch_command();

/// What `up --watch` refuses before anything is done: throws Error when none of the services is to
/// be watched, or another process watches already. Without --watch all is well.
void check_watch(const spec::Project& project, const Options& options);

/// `up --watch`: a `watch` of its own beside the logs, while this lives.
class WatchBeside {
 public:
  explicit WatchBeside(const Options& options);
  WatchBeside(const WatchBeside&) = delete;
  WatchBeside& operator=(const WatchBeside&) = delete;
  ~WatchBeside();

 private:
  pid_t child_ = 0;
};

}  // namespace stack::cli
