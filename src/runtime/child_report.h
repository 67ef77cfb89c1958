// SPDX-License-Identifier: Apache-2.0
// How a child between clone and exec tells its parent what went wrong: one fixed-size message on a
// close-on-exec socket. The parent, which knows the names, makes the sentence. End of file after
// `executing` means that exec happened.
//
// Everything in this file, in child_*.h, program.h and init.h runs in a forked copy of the
// supervisor. The rules there: system calls only, no allocation, no exceptions, no destructors with
// effects; functions give back an errno (0: done) or a ChildFailure, or do not return. Descriptors
// are plain numbers: exec or the exit closes them.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace stack::runtime {

/// What the child was doing. The texts are in failure_text.cc, in the same order.
enum class ChildStage : std::uint32_t {
  prepare,
  join_cgroup,
  new_cgroup_namespace,
  isolate_mounts,
  open_source,  ///< item: index of the mount step
  mount_root,
  mount,  ///< item: index of the mount step
  make_working_directory,
  pivot_root,
  mask,       ///< item: index into masked
  read_only,  ///< item: index into read_only
  root_read_only,
  set_hostname,
  set_sysctl,  ///< item: index of the sysctl step
  loopback,
  limits,  ///< item: index into ulimits, or their number for the standard ones
  oom_score,
  apparmor,
  keyring,
  join_namespaces,
  find_user,
  find_group,  ///< item: 0 for the group of USER, else 1 + index into groups
  read_passwd,
  read_group,
  terminal,
  standard_streams,
  working_directory,
  working_directory_outside,
  set_groups,
  set_user,
  capabilities,
  seccomp,
  start_init,
  execute,
  executing,  ///< not a failure: the next thing is execve(2)
  stage_count,
};

struct ChildFailure {
  ChildStage stage = ChildStage::executing;
  std::int32_t error = 0;  ///< errno; 0: none
  std::uint32_t item = 0;

  bool failed() const { return error != 0; }
};

/// The child's end of the control socket. The parent sends one byte for "go on"; the child sends
/// ChildFailure messages, `executing` together with the descriptor that it has made, if any (a
/// pty's master, the root of a tree).
class ChildReport {
 public:
  explicit ChildReport(int socket) : socket_(socket) {}

  /// Exits after telling the parent when `error` is not 0.
  void require(ChildStage stage, int error, std::uint32_t item = 0) const;
  void require(const ChildFailure& failure) const;
  /// Waits for the parent's word; exits when the parent is gone.
  void await_release() const;
  /// `descriptor` -1: none.
  void announce_exec(int descriptor) const;
  int socket() const { return socket_; }

 private:
  int socket_;
};

}  // namespace stack::runtime
