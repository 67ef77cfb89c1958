// SPDX-License-Identifier: Apache-2.0
// What a container's file system tree is put together from, in order, as data: decided here,
// carried out by the child (child_mounts.h), printed and compared in tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/cgroup_plan.h"
#include "runtime/container_spec.h"
#include "runtime/node.h"
#include "runtime/tmpfs_options.h"

namespace stack::runtime {

enum class StepKind {
  new_filesystem,
  bind,
  layers,      ///< a read-only view of an image's layers
  file,        ///< one file on a tmpfs of its own; `content` says what is in it
  shared_shm,  ///< the /dev/shm of the container whose IPC namespace is shared
  volume,      ///< a file system of the host's making: one that is mounted elsewhere too, or anew
};
enum class TargetLinks {
  refuse,   ///< /proc, /dev, ...: an image where one is a link is refused
  in_root,  ///< followed, as if the container's root were "/"
};
enum class Depth { alone, with_submounts };

struct MountStep {
  StepKind kind = StepKind::new_filesystem;
  /// File system type or name, absolute host path of a bind, name of an image, or device of a
  /// volume
  std::string source;
  /// bind, volume: below `source`, without following links; layers: inside them
  std::string subpath;
  std::string target;  ///< absolute, inside; made when absent
  std::vector<FilesystemOption> parameters;
  std::uint64_t attributes = 0;   ///< MOUNT_ATTR_* to set
  std::uint64_t propagation = 0;  ///< MS_PRIVATE, MS_SLAVE, MS_SHARED; 0: as it comes
  Depth depth = Depth::alone;
  TargetLinks links = TargetLinks::in_root;
  /// bind: a device may be one, when it is the source itself, whatever `attributes` say
  bool device_itself = false;
  bool mode_of_target = false;  ///< takes over the mode of the directory that it covers
  std::vector<Node> nodes;
  std::string content;              ///< of a file, with nodes.front() as its mode and owner
  bool owner_mapped = false;        ///< bind: seen through a mapping of ids (id_mapping.h)
  bool container_ids = false;       ///< bind, layers: ids on disk are those of the user namespace
  std::vector<std::string> layers;  ///< absolute directories, uppermost first
  std::string type;                 ///< of a volume's file system; of a new one: else `source`
  std::string volume;               ///< its name, for messages
  bool operator==(const MountStep&) const = default;
};

/// A kernel parameter, set in the container's own new /proc before that becomes read-only.
struct SysctlStep {
  std::string path;  ///< "/proc/sys/net/core/somaxconn"
  std::string value;
  IfMissing if_missing = IfMissing::fail;
  bool operator==(const SysctlStep&) const = default;
};

struct MountPlan {
  /// Of the image: a link there gives way to a file, before anything is mounted
  std::vector<std::string> files;
  std::vector<MountStep> steps;
  std::vector<SysctlStep> sysctls;
  std::vector<std::string> masked;     ///< read as empty; absent ones are skipped
  std::vector<std::string> read_only;  ///< same
  Writable root = Writable::yes;
  std::vector<HostHook> hooks;  ///< run when everything is mounted, before the root is changed
};

/// What of the machine goes into the plan.
struct MountFacts {
  CgroupLayout cgroups;
  /// Besides the standard ones; for privileged containers all of the host's. Relative to /dev.
  std::vector<Node> devices;
  std::vector<MountSpec> device_binds;  ///< devices with targets elsewhere
  /// "/sys/devices/system/cpu/cpu0/thermal_throttle" and its like.
  std::vector<std::string> thermal_throttles;
};

/// What of /proc and /sys a container does not see, or not write.
struct SystemPaths {
  std::vector<std::string> masked;
  std::vector<std::string> read_only;
};
/// Both are empty for who may do everything. `thermal_throttles` as of MountFacts. Pure.
SystemPaths system_paths(const SecuritySpec& security,
                         const std::vector<std::string>& thermal_throttles);
/// Of this machine, for MountFacts.
std::vector<std::string> find_thermal_throttles();

/// The steps of configs and secrets, as mount_plan() has them. Pure. Throws Error for an owner that
/// `spec.ids` has not.
std::vector<MountStep> file_steps(const ContainerSpec& spec);

/// The step of a volume's file system. Pure.
MountStep volume_step(const MountSpec& mount, const SecuritySpec& security);

/// Pure. Throws Error on a tmpfs option or propagation that does not exist.
MountPlan mount_plan(const ContainerSpec& spec, const MountFacts& facts);
/// Reads the facts from this machine; `devices` are those that the container asked for.
MountFacts mount_facts(const CgroupLayout& cgroups, const SecuritySpec& security,
                       const DeviceFacts& devices);

/// A kernel parameter's file below /proc/sys: "net.core.somaxconn" is "net/core/somaxconn"; a name
/// with slashes stands as it is, its parts may have dots of their own (sysctl(8)).
std::string sysctl_path(std::string name);
/// A step's source for messages, with its subpath.
std::string source_text(const MountStep& step);
/// One line a step.
std::string to_text(const MountPlan& plan);

}  // namespace stack::runtime
