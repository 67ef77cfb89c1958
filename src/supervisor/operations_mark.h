// SPDX-License-Identifier: Apache-2.0
// That a supervisor is doing what a command has asked for, and what cannot be seen yet; it goes on
// when the command is killed: a lock on a file of the run directory (fcntl(2), open file
// description locks), which the kernel takes away with the supervisor. Who plans from what is
// written down asks for it first.
#pragma once

#include <cstddef>
#include <filesystem>

#include "base/fd.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// The supervisor's side.
class OperationsMark {
 public:
  /// Throws Error.
  explicit OperationsMark(const std::filesystem::path& file);
  void begin();
  void end();

 private:
  void set(short type) const;

  Fd file_;
  std::size_t count_ = 0;
};

/// Everybody else's. False when there is no supervisor.
bool has_operations(const ProjectFiles& files);

}  // namespace stack::supervisor
