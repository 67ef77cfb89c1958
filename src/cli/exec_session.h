// SPDX-License-Identifier: Apache-2.0
// A program in a running container, with our own standard input and output at its ends of pipes.
#pragma once

#include <filesystem>
#include <string>

#include "runtime/join.h"

namespace stack::cli {

enum class Attachment {
  attached,  ///< we wait for the program
  detached,  ///< it has no streams, and we are done when it was started
};

struct ExecRequest {
  ProcessIdentity container;
  const runtime::ContainerSpec* spec = nullptr;
  runtime::ProcessSpec process;  ///< terminal: our terminal is put in raw mode and relayed
  bool privileged = false;
  Attachment attachment = Attachment::attached;
  bool input = true;        ///< ours is the program's; without, it has none
  std::string detach_keys;  ///< bytes; they leave a program with a terminal to itself
  std::filesystem::path cache;
};

/// Waits for the program; returns its exit code (128+n after a signal), or 0 when it was detached.
/// Throws Error when it could not be started (exit codes 126, 127).
int run_exec_session(const ExecRequest& request);

}  // namespace stack::cli
