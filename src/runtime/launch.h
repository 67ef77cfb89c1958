// SPDX-License-Identifier: Apache-2.0
// The parent's side of starting a container: one clone3 with all namespaces, then two short waits
// that the caller overlaps with its own work:
//   launch()             the process exists, in its namespaces and cgroup, and builds its root
//   ... plug the network into pending.network_namespace(), write down pending.identity() ...
//   pending.release()    let it exec
//   pending.report()     becomes readable when exec happened or failed; then take_result()
// Dropping a PendingContainer kills what was made of it. The caller must be single-threaded.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/spans.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

enum class Parent {
  caller,          ///< the new process is the caller's child
  callers_parent,  ///< CLONE_PARENT: a sibling of the caller, which survives it
};

/// Namespaces of other containers, as open files of /proc/PID/ns; -1: not shared. Needed for each
/// that the spec says is shared.
struct SharedNamespaces {
  int network = -1;
  int pid = -1;
  int ipc = -1;
  int mount = -1;  ///< of the container whose IPC namespace is shared: its /dev/shm is there
  int user = -1;   ///< ContainerSpec::ids are its ids
};

/// A mount in another container, of which a copy is wanted.
struct MountElsewhere {
  int mounts = -1;   ///< its mount namespace, as SharedNamespaces has it
  std::string path;  ///< in there
};

struct LaunchOptions {
  Parent parent = Parent::caller;
  SharedNamespaces shared;
  /// Volumes of one instance that other containers have, by this one's targets. Others are mounted
  /// anew.
  std::map<std::string, MountElsewhere> instances;
  /// What the container's process gets as 0, 1 and 2; must stay open until release(). With
  /// `process.terminal` they are ignored: the pty's master is take_terminal().
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  /// Where compiled seccomp programs are cached by hash.
  std::filesystem::path cache;
  /// Where the steps of the start are noted, ours and the child's; outlives take_result(). Null: no
  /// trace.
  Spans* trace = nullptr;
};

class PendingContainer {
 public:
  PendingContainer(PendingContainer&&) noexcept;
  PendingContainer& operator=(PendingContainer&&) noexcept;
  ~PendingContainer();  ///< kills and removes the cgroups unless take_result() reported success

  const ProcessIdentity& identity() const;
  int pidfd() const;
  /// An open descriptor of the new network namespace (NamespaceKind::own), owned here; -1 when the
  /// process has failed already: take_result() knows why.
  int network_namespace() const;
  /// Tells the process to go on to exec. Call once, after network and bookkeeping are done.
  void release();
  /// Readable once the outcome is known. Owned here.
  int report() const;
  /// Call when report() is readable (or to wait for it). Throws Error with the step, the object and
  /// errno as one sentence, exit code 126/127/125 as `docker run`; on return the program runs and
  /// the destructor no longer kills it.
  void take_result();
  /// The pty's master when process.terminal; valid after take_result().
  Fd take_terminal();
  Fd take_pidfd();

  struct State;
  explicit PendingContainer(std::unique_ptr<State> state);
  State& state() { return *state_; }  ///< for launch()

 private:
  std::unique_ptr<State> state_;
};

/// Validates `spec` before anything is touched, makes the cgroups with their limits and device
/// rules, and clones. Throws Error; nothing is left behind then.
PendingContainer launch(const ContainerSpec& spec, const LaunchOptions& options);

}  // namespace stack::runtime
