// SPDX-License-Identifier: Apache-2.0
// Volumes that are file systems of their own (StepKind::volume), mounted by the child before its
// root is there. They are mounted in no namespace but the container's, so that the kernel takes
// them away with its last process, whoever is killed meanwhile. Rules of child_report.h apply.
#pragma once

#include <span>

#include "runtime/child_report.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

/// Where a volume is mounted already.
struct InstanceTask {
  int mounts = -1;             ///< namespace of a container that has it; -1: none has
  const char* path = nullptr;  ///< in there
  /// A detached mount of the parent's, for a disk: the container's cgroup may not open it. -1:
  /// none.
  int tree = -1;
};

struct VolumeTask {
  int network = -1;                         ///< namespace from which shares are mounted: the host's
  std::span<const InstanceTask> instances;  ///< by step. Empty: none
  std::span<const int> id_mappings;         ///< by step, as of SourceTask
};

/// A detached mount of the step's file system, whole, made from the caller's namespaces; -1 with
/// errno. Nothing of it stays when the descriptor is closed.
int mount_volume(const MountStep& step);

/// Detached mounts of volumes, one slot for each step (others are left alone). Call it when the
/// mounts are separated from the host's, as root of the host.
ChildFailure open_volumes(const VolumeTask& task, std::span<const MountStep> steps,
                          std::span<int> trees);

}  // namespace stack::runtime
