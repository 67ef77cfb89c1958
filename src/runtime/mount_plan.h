// SPDX-License-Identifier: Apache-2.0
// What a container's file system tree is put together from, in order, as data: decided here,
// carried out by the child (child_mounts.h), printed and compared in tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/cgroup_layout.h"
#include "runtime/container_spec.h"
#include "runtime/tmpfs_options.h"

namespace stack::runtime {

/// Something made inside a new file system before anybody can see it.
struct Node {
  std::string path;     ///< relative: "null"
  mode_t mode = 0;      ///< with its type: S_IFCHR | 0666
  dev_t device = 0;     ///< of a device node
  std::string link_to;  ///< of a symbolic link
  bool operator==(const Node&) const = default;
};

enum class StepKind { new_filesystem, bind };
enum class TargetLinks {
  refuse,   ///< /proc, /dev, ...: an image where one is a link is refused
  in_root,  ///< followed, as if the container's root were "/"
};
enum class Depth { alone, with_submounts };

struct MountStep {
  StepKind kind = StepKind::new_filesystem;
  std::string source;   ///< file system type, or absolute host path of a bind
  std::string subpath;  ///< bind: below `source`, opened without following links
  std::string target;   ///< absolute, inside; made when absent
  std::vector<FilesystemOption> parameters;
  std::uint64_t attributes = 0;   ///< MOUNT_ATTR_* to set
  std::uint64_t propagation = 0;  ///< bind: MS_PRIVATE, MS_SLAVE or MS_SHARED
  Depth depth = Depth::alone;
  TargetLinks links = TargetLinks::in_root;
  bool mode_of_target = false;  ///< takes over the mode of the directory that it covers
  std::vector<Node> nodes;
  bool operator==(const MountStep&) const = default;
};

struct MountPlan {
  std::vector<MountStep> steps;
  std::vector<std::string> masked;     ///< read as empty; absent ones are skipped
  std::vector<std::string> read_only;  ///< same
  Writable root = Writable::yes;
};

/// What of the machine goes into the plan.
struct MountFacts {
  CgroupLayout cgroups;
  /// Privileged containers only: the host's device nodes, paths relative to /dev.
  std::vector<Node> host_devices;
  /// "/sys/devices/system/cpu/cpu0/thermal_throttle" and its like.
  std::vector<std::string> thermal_throttles;
};

/// Pure. Throws Error on a tmpfs option or propagation that does not exist.
MountPlan mount_plan(const ContainerSpec& spec, const MountFacts& facts);
/// Reads the facts from this machine.
MountFacts mount_facts(const CgroupLayout& cgroups, const SecuritySpec& security);

/// A step's source for messages, with its subpath.
std::string source_text(const MountStep& step);
/// One line a step.
std::string to_text(const MountPlan& plan);

}  // namespace stack::runtime
