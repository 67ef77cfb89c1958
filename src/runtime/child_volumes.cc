// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_volumes.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail_point.h"
#include "runtime/child_mounts.h"
#include "runtime/child_overlay.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

constexpr unsigned clone_flags_of_volumes = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;

/// Somebody who is root in there may have taken it away, or covered it with something else.
bool is_mount_point(int directory) {
  struct statx info {};
  if (::statx(directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) != 0) return false;
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// The kernel clones mounts only of the namespace that the caller is in.
int clone_instance(const InstanceTask& instance) {
  return from_namespace(instance.mounts, "/proc/self/ns/mnt", CLONE_NEWNS, [&] {
    const int found =
        openat2(AT_FDCWD, instance.path, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS);
    if (found < 0) return -1;
    errno = ESTALE;
    const int tree = is_mount_point(found) ? ::open_tree(found, "", clone_flags_of_volumes) : -1;
    close_quietly(found);
    return tree;
  });
}

/// A share is reached over the host's network, whatever the container has.
int mount_from_host(const MountStep& step, int network) {
  if (network < 0) return mount_volume(step);
  return from_namespace(network, "/proc/self/ns/net", CLONE_NEWNET,
                        [&] { return mount_volume(step); });
}

/// Lets go of `whole`. Before Linux 6.15 only what is attached can be cloned in parts.
int part_of(int whole, const char* subpath) {
  errno = cover_staging(whole);
  int tree = -1;
  if (errno == 0) {
    const int inside =
        openat2(whole, subpath, O_PATH | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (inside >= 0) tree = ::open_tree(inside, "", clone_flags_of_volumes);
    close_quietly(inside);
  }
  close_quietly(whole);
  return tree;
}

int open_volume_tree(const MountStep& step, const InstanceTask& instance, int network,
                     int id_mapping) {
  int tree = instance.tree;
  if (tree < 0)
    tree = instance.mounts >= 0 ? clone_instance(instance) : mount_from_host(step, network);
  if (tree >= 0 && !step.subpath.empty()) tree = part_of(tree, step.subpath.c_str());
  if (tree < 0 || id_mapping < 0) return tree;
  errno = map_ids(tree, id_mapping, Depth::alone);
  if (errno == 0) return tree;
  close_quietly(tree);
  return -1;
}

}  // namespace

int mount_volume(const MountStep& step) {
  errno = injected_error("volume.mount");
  if (errno != 0) return -1;
  return new_file_system(step.type.c_str(), step.source.c_str(), step.parameters, 0);
}

ChildFailure open_volumes(const VolumeTask& task, std::span<const MountStep> steps,
                          std::span<int> trees) {
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::volume) continue;
    const InstanceTask instance = task.instances.empty() ? InstanceTask{} : task.instances[i];
    const int id_mapping = task.id_mappings.empty() ? -1 : task.id_mappings[i];
    trees[i] = open_volume_tree(steps[i], instance, task.network, id_mapping);
    if (trees[i] < 0) return {ChildStage::open_source, errno, i};
  }
  return {};
}

}  // namespace stack::runtime
