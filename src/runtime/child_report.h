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

#include <array>
#include <cstdint>

namespace stack::runtime {

/// What the child was doing. The texts are in failure_text.cc, in the same order. An item that the
/// list does not have stands for all of them.
enum class ChildStage : std::uint32_t {
  prepare,
  join_cgroup,
  new_cgroup_namespace,
  isolate_mounts,
  open_source,  ///< item: index of the mount step
  own_files,
  mount_root,
  make_files,
  replace_link,  ///< item: index into files
  mount,         ///< item: index of the mount step
  make_working_directory,
  hook,        ///< item: index of the hook; it could not be run
  hook_ended,  ///< same; `error` is its exit code, 128 and more: a signal
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
  user_outside,  ///< USER, or one of the groups, has no id in the user namespace
  release,       ///< waiting for the parent's word
  enter_user_namespace,
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

/// A step that was done, and when.
struct ChildMark {
  std::int64_t time = 0;  ///< nanoseconds of CLOCK_MONOTONIC
  ChildStage stage = ChildStage::prepare;
  std::uint32_t item = 0;
};

/// When the child was done with what, in a page that it shares with its parent. There is one when
/// somebody asked for a trace.
struct ChildMarks {
  std::int64_t born = 0;
  std::uint32_t count = 0;
  std::array<ChildMark, 254> marks;

  /// What no longer has room moves the last mark on.
  void note(ChildStage stage, std::uint32_t item);
};
static_assert(sizeof(ChildMarks) <= 4096);

/// CLOCK_MONOTONIC in nanoseconds.
std::int64_t monotonic_time();

/// The child's end of the control socket. The parent sends one byte for "go on"; the child sends
/// ChildFailure messages, `executing` together with the descriptor that it has made, if any (a
/// pty's master, the root of a tree).
class ChildReport {
 public:
  /// `marks` null: nobody wants to know how long things take.
  explicit ChildReport(int socket, ChildMarks* marks = nullptr);

  /// Exits after telling the parent when `error` is not 0; otherwise the step is done.
  void require(ChildStage stage, int error, std::uint32_t item = 0) const;
  void require(const ChildFailure& failure) const;
  /// Waits for the parent's word; exits when the parent is gone.
  void await_release() const;
  /// From here on an end of file means success; failures may follow. `descriptor` -1: none.
  void announce_exec(int descriptor) const;
  /// The next thing is execve(2).
  void begin_exec() const;
  int socket() const { return socket_; }

 private:
  int socket_;
  ChildMarks* marks_;
};

}  // namespace stack::runtime
