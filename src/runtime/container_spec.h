// SPDX-License-Identifier: Apache-2.0
// One container, ready to be made real: every name already looked up, every default already chosen.
// Plain data, written to disk as JSON (container_spec_json.h); nothing here knows compose, images
// or address pools.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id_block.h"

namespace stack::runtime {

enum class MountKind { bind, tmpfs, image, file_system };
enum class Writable { yes, no };

/// A mount below the container's root, besides the standard ones (/proc, /dev, /sys, ...) that
/// mount_plan adds itself.
struct MountSpec {
  MountKind kind = MountKind::bind;
  /// bind: absolute host path of a directory or file; image: its name, for messages; tmpfs: unused;
  /// file_system: what mount(8) calls its device, of the host
  std::string source;
  /// What is mounted of the source, relative. bind: never followed through a link, for who may
  /// write there is not trusted; image: links lead where they lead inside the image. Empty: all of
  /// it.
  std::string subpath = {};
  std::string target;  ///< absolute path inside; made when absent, resolved inside the root
  Writable writable = Writable::yes;
  std::string propagation = "rprivate";  ///< bind: [r]private, [r]slave, [r]shared
  bool recursive = true;                 ///< bind: with the mounts below `source`
  /// tmpfs: size=, mode=, uid=, gid=, noexec, exec, ...; bind: nosuid, noexec, nodev and other
  /// words of the mount; file_system: what mount(8) takes after -o, one by one
  std::vector<std::string> options;
  bool owner_mapped = false;  ///< bind: the container's user owns what the source's owner owns
  std::vector<std::string> layers = {};  ///< image: absolute directories, uppermost first
  /// bind: ids on disk are those that the container sees, whichever the host's are (volumes)
  bool container_ids = false;
  std::string volume = {};  ///< its name, when `source` does not tell it
  std::string type = {};    ///< file_system: ext4, nfs, tmpfs, ...
  /// file_system: all containers that run have the same one, wherever the first has mounted it; by
  /// itself each mount would be another (tmpfs)
  bool is_one_instance = false;
  bool operator==(const MountSpec&) const = default;
};

/// It shows what is somewhere on the host: a bind, or a volume.
inline bool is_of_host(const MountSpec& mount) {
  return mount.kind == MountKind::bind || mount.kind == MountKind::file_system;
}

/// The root file system: read-only layers below one writable directory, joined by overlayfs in the
/// container's own mount namespace, so that it dies with the container.
struct RootSpec {
  std::vector<std::string> lower;  ///< absolute directories, uppermost first
  std::string upper;               ///< absolute; upper and work lie on one file system
  std::string work;
  Writable writable = Writable::yes;  ///< `read_only: true` remounts the finished root
  /// The most bytes that `upper` may hold, by the file system's project quota (project_quota.h).
  std::optional<std::uint64_t> size = {};
  bool operator==(const RootSpec&) const = default;
};

/// The most that a FileSpec may hold, in bytes.
inline constexpr std::size_t largest_file_content = 1U << 20;

/// A file that exists in memory only: a config or a secret, alone on a tmpfs of the container's
/// own.
struct FileSpec {
  std::string target;  ///< absolute path inside
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0444;
  std::string content;  ///< never written to disk for secrets: see container_spec_json.h
  std::string source;   ///< host file to take the content from at each start; empty: `content`
  bool secret = false;
  bool operator==(const FileSpec&) const = default;
};

/// setrlimit(2); -1 is RLIM_INFINITY.
struct UlimitSpec {
  std::int64_t soft = -1;
  std::int64_t hard = -1;
  bool operator==(const UlimitSpec&) const = default;
};

struct ProcessSpec {
  std::vector<std::string> arguments;    ///< argv; [0] is looked up in PATH of `environment`
  std::vector<std::string> environment;  ///< KEY=VALUE, final
  std::string working_directory = "/";   ///< word for word; made when absent
  std::string user;   ///< as in USER: "", "name", "uid", "name:group", "uid:gid"; resolved inside
  bool init = false;  ///< our own reaper as process 1
  bool terminal = false;  ///< a pty as stdin, stdout and stderr
  bool open_stdin = false;
  std::vector<std::string> groups;            ///< further groups, names or numbers of the image
  std::map<std::string, UlimitSpec> ulimits;  ///< by name without RLIMIT_, lower case: "nofile"
  std::optional<int> oom_score_adj;           ///< -1000..1000; unset: 0
  bool operator==(const ProcessSpec&) const = default;
};

/// Throughput or weight of one block device, named by the host's path.
struct DeviceNumber {
  std::string path;  ///< "/dev/sda"
  std::uint64_t value = 0;
  bool operator==(const DeviceNumber&) const = default;
};

struct BlockSpec {
  std::optional<std::uint16_t> weight;  ///< 10..1000
  std::vector<DeviceNumber> weights;
  std::vector<DeviceNumber> read_bps;  ///< bytes a second
  std::vector<DeviceNumber> write_bps;
  std::vector<DeviceNumber> read_iops;  ///< operations a second
  std::vector<DeviceNumber> write_iops;
  bool operator==(const BlockSpec&) const = default;
};

/// What may change while the container runs (update.h). Absent: the kernel's default.
struct ResourceSpec {
  std::optional<std::uint64_t> memory_limit;        ///< bytes
  std::optional<std::uint64_t> memory_reservation;  ///< bytes, kept when memory is short
  std::optional<std::int64_t> memory_swap;  ///< bytes of memory and swap; -1: no limit; unset:
                                            ///< twice the memory
  std::optional<std::uint64_t> memory_swappiness;  ///< 0..100; cgroup v1 only
  bool oom_kill_disable = false;                   ///< cgroup v1 only
  std::optional<double> cpus;                      ///< 1.5 = one and a half processors
  std::optional<std::uint64_t> cpu_shares;         ///< 2..262144, 1024 is the usual
  std::optional<std::uint64_t> cpu_period;         ///< microseconds
  std::optional<std::int64_t> cpu_quota;           ///< microseconds a period; -1: none
  std::optional<std::uint64_t> cpu_rt_period;      ///< microseconds; cgroup v1 only
  std::optional<std::uint64_t> cpu_rt_runtime;     ///< same
  std::string cpuset;                              ///< "0-3,7"
  std::optional<std::int64_t> pids_limit;          ///< -1: none
  std::uint64_t shm_size = 64ULL << 20;            ///< bytes of /dev/shm
  BlockSpec block;
  bool operator==(const ResourceSpec&) const = default;
};

/// A device by its number.
struct DeviceIdentity {
  char type = 'c';  ///< c, b, or p: a FIFO, which has no number
  unsigned major = 0;
  unsigned minor = 0;
  bool operator==(const DeviceIdentity&) const = default;
};

/// A node of the host, or all nodes below a directory of the host.
struct DeviceSpec {
  std::string source;                           ///< absolute host path
  std::string target;                           ///< absolute path inside
  std::string permissions = "rwm";              ///< letters of "rwm"
  std::optional<DeviceIdentity> identity = {};  ///< instead of the source's, which need not exist
  std::optional<std::uint32_t> mode = {};       ///< instead of the source's; 0666 without a source
  std::optional<std::uint32_t> uid = {};        ///< same; 0
  std::optional<std::uint32_t> gid = {};        ///< same
  bool operator==(const DeviceSpec&) const = default;
};

struct SecuritySpec {
  /// Bounding = permitted = effective set, names without CAP_, upper case.
  std::set<std::string> capabilities;
  bool privileged = false;         ///< no seccomp, no masks, all devices, writable /sys and cgroups
  bool no_new_privileges = false;  ///< prctl(2), PR_SET_NO_NEW_PRIVS
  std::string seccomp;   ///< empty: the built-in filter; "unconfined"; or a profile's JSON text
  std::string apparmor;  ///< profile to enter; empty: none; "unconfined"
  bool writable_cgroups = false;
  bool system_paths_unconfined = false;  ///< nothing of /proc and /sys masked or read-only
  std::vector<DeviceSpec> devices;
  std::vector<std::string> device_rules;  ///< "c 1:3 rwm", added to the default ones
  bool operator==(const SecuritySpec&) const = default;
};

enum class NamespaceKind {
  own,     ///< a new one
  host,    ///< the launcher's
  shared,  ///< that of another container, which must run
  none,    ///< ipc only: a new one, and no /dev/shm
};

struct NamespaceSpec {
  NamespaceKind kind = NamespaceKind::own;
  std::string container;  ///< shared: name of the other container
  bool operator==(const NamespaceSpec&) const = default;
};

struct NamespacesSpec {
  NamespaceSpec network;  ///< own: whoever launches plugs interfaces in before release()
  NamespaceSpec pid;
  NamespaceSpec ipc;     ///< shared: with the other's /dev/shm
  NamespaceSpec uts;     ///< own or host
  NamespaceSpec cgroup;  ///< own or host
  /// own: network, IPC and UTS namespaces of its own belong to it; shared: as that container does
  NamespaceSpec user{NamespaceKind::host, {}};
  bool operator==(const NamespacesSpec&) const = default;
};

/// Files that stack writes for the container and binds over the image's own.
struct EtcFiles {
  std::string hosts;        ///< absolute host path; empty: not bound
  std::string resolv_conf;  ///< same
  std::string hostname;     ///< same
  /// A link of the image at one of these places gives way to a file of the container, as docker has
  /// it; else it is followed.
  bool over_links = false;
  bool operator==(const EtcFiles&) const = default;
};

/// A program of the host that works on the container's files before the container enters them: the
/// hook "createContainer" of the OCI's runtime specification. It is root, sees the files of the
/// host, and gets the OCI's state of a container on its standard input.
struct HostHook {
  std::string path;                      ///< absolute host path
  std::vector<std::string> arguments;    ///< argv, its [0] included
  std::vector<std::string> environment;  ///< KEY=VALUE, nothing else
  std::uint32_t timeout = 0;             ///< seconds; 0: none
  bool operator==(const HostHook&) const = default;
};

struct ContainerSpec {
  std::string id;      ///< 64 hex digits
  std::string name;    ///< for messages
  std::string cgroup;  ///< path below each cgroup hierarchy: "stack/PROJECT/ID"
  std::string hostname;
  std::string domainname;
  RootSpec root;
  std::vector<MountSpec> mounts;  ///< in any order; mount_plan sorts by depth
  EtcFiles etc;
  ProcessSpec process;
  ResourceSpec resources;
  SecuritySpec security;
  NamespacesSpec namespaces;
  std::map<std::string, std::string> sysctls;  ///< "net.core.somaxconn" -> value
  std::vector<FileSpec> files;
  /// namespaces.user own: whose the ids inside are. The supervisor chooses where the block lies.
  IdBlock ids;
  std::vector<HostHook> hooks;
  bool operator==(const ContainerSpec&) const = default;
};

/// Docker's default set of 14 capabilities, names without CAP_.
const std::set<std::string>& default_capabilities();
/// Default set, minus `drop` (ALL = everything), plus `add` (ALL = everything this machine has).
/// Names are taken in any case, with or without CAP_. Throws Error on an unknown one.
std::set<std::string> effective_capabilities(const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop, bool privileged);

}  // namespace stack::runtime
