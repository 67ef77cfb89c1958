// SPDX-License-Identifier: Apache-2.0
// A container's process 1 from clone to exec: read become_container() to learn what a container is.
// Rules of child_report.h apply.
#pragma once

#include <span>

#include "runtime/child_hooks.h"
#include "runtime/child_mounts.h"
#include "runtime/child_volumes.h"
#include "runtime/program.h"

namespace stack::runtime {

enum class OwnNamespace { yes, no };

/// Namespaces to join, those of other containers and those that belong to a user namespace; -1:
/// none. A PID namespace is joined by the parent, whose
/// children are in it then.
struct JoinedNamespaces {
  int network = -1;
  int ipc = -1;
  int uts = -1;
};

struct ContainerTask {
  int control = -1;                   ///< socket of ChildReport
  ChildMarks* marks = nullptr;        ///< same; null: no trace
  std::span<const int> kept;          ///< descriptors to keep, ascending
  std::span<const int> cgroup_tasks;  ///< `tasks` files of the v1 groups
  JoinedNamespaces joined;
  OwnNamespace cgroup = OwnNamespace::yes;
  SourceTask sources;
  VolumeTask volumes;
  OverlayTask root;
  const MountPlan* mounts = nullptr;
  std::span<int> trees;  ///< room for one descriptor per mount step
  const char* hostname = "";
  const char* domainname = "";
  OwnNamespace network = OwnNamespace::yes;
  /// Entered last, by who has built everything as the host's root; -1: none. Its ids are the
  /// program's.
  int user_namespace = -1;
  HooksTask hooks;
  ProgramTask program;
};

[[noreturn]] void become_container(const ContainerTask& task);

/// Moves the calling thread into cgroups by their open `tasks` files.
int enter_cgroups(std::span<const int> tasks);

}  // namespace stack::runtime
