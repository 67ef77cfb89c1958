// SPDX-License-Identifier: Apache-2.0
// A further process in a running container: `stack exec` and health checks. The process joins the
// container's namespaces and cgroup and gets the same capabilities and seccomp filter as the
// container's own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/process.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

struct JoinRequest {
  ProcessIdentity container;  ///< process 1 of the container
  const ContainerSpec* spec = nullptr;
  ProcessSpec process;  ///< terminal: a pty of the container's own devpts is made
  int stdin_fd = -1;    ///< -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  /// exec --privileged: all capabilities, under the container's own filter.
  bool privileged = false;
  std::filesystem::path cache;
};

/// A process that was joined; its own child is in the container's pid namespace.
struct Joined {
  Fd pidfd;             ///< of our direct child, which passes the program's exit status on
  pid_t pid = 0;        ///< of that child: wait for it with waitpid
  Fd report;            ///< as PendingContainer::report: readable when exec happened or failed
  Fd terminal;          ///< the pty's master when process.terminal; set by take_join_result()
  ProcessSpec process;  ///< what was asked for, for messages
};

/// Forks. Throws Error when the container is gone. The exit status of the program is that of
/// Joined::pid (128+n for signals). Killing Joined::pid, with SIGKILL or otherwise, kills the
/// joined program and its process group too (parent-death signal).
Joined join_container(const JoinRequest& request);

/// Reads Joined::report to its end and fills Joined::terminal. Throws Error (exit code 126, 127 or
/// 125) when exec failed.
void take_join_result(Joined& joined);

}  // namespace stack::runtime
