// SPDX-License-Identifier: Apache-2.0
// One container, ready to be made real: every name already looked up, every default already chosen.
// Plain data, written to disk as JSON (container_spec_json.h); nothing here knows compose, images
// or address pools.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stack::runtime {

enum class MountKind { bind, tmpfs };
enum class Writable { yes, no };

/// A mount below the container's root, besides the standard ones (/proc, /dev, /sys, ...) that
/// mount_plan adds itself.
struct MountSpec {
  MountKind kind = MountKind::bind;
  std::string source;  ///< bind: absolute host path of a directory or file; tmpfs: unused
  /// bind: what is mounted of `source`, relative, never followed through a link: who may write
  /// there is not trusted. Empty: `source` itself.
  std::string subpath;
  std::string target;  ///< absolute path inside; made when absent, resolved inside the root
  Writable writable = Writable::yes;
  std::string propagation = "rprivate";  ///< bind: [r]private, [r]slave, [r]shared
  bool recursive = true;                 ///< bind: with the mounts below `source`
  std::vector<std::string> options;      ///< tmpfs: size=, mode=, uid=, gid=, noexec, exec, ...
  bool operator==(const MountSpec&) const = default;
};

/// The root file system: read-only layers below one writable directory, joined by overlayfs in the
/// container's own mount namespace, so that it dies with the container.
struct RootSpec {
  std::vector<std::string> lower;  ///< absolute directories, uppermost first
  std::string upper;               ///< absolute; upper and work lie on one file system
  std::string work;
  Writable writable = Writable::yes;  ///< `read_only: true` remounts the finished root
  bool operator==(const RootSpec&) const = default;
};

struct ProcessSpec {
  std::vector<std::string> arguments;    ///< argv; [0] is looked up in PATH of `environment`
  std::vector<std::string> environment;  ///< KEY=VALUE, final
  std::string working_directory = "/";   ///< made when absent
  std::string user;   ///< as in USER: "", "name", "uid", "name:group", "uid:gid"; resolved inside
  bool init = false;  ///< our own reaper as process 1
  bool terminal = false;  ///< a pty as stdin, stdout and stderr
  bool open_stdin = false;
  bool operator==(const ProcessSpec&) const = default;
};

struct ResourceSpec {
  std::optional<std::uint64_t> memory_limit;  ///< bytes
  std::optional<double> cpus;                 ///< 1.5 = one and a half processors
  std::optional<std::int64_t> pids_limit;     ///< -1: none
  std::uint64_t shm_size = 64ULL << 20;       ///< bytes of /dev/shm
  bool operator==(const ResourceSpec&) const = default;
};

struct SecuritySpec {
  /// Bounding = permitted = effective set, names without CAP_, upper case.
  std::set<std::string> capabilities;
  bool privileged = false;  ///< no seccomp, no masks, all devices, writable /sys and cgroups
  bool operator==(const SecuritySpec&) const = default;
};

enum class NetworkNamespace {
  own,   ///< a new one; whoever launches plugs interfaces in before release()
  host,  ///< the launcher's
};

/// Files that stack writes for the container and binds over the image's own.
struct EtcFiles {
  std::string hosts;        ///< absolute host path; empty: not bound
  std::string resolv_conf;  ///< same
  std::string hostname;     ///< same
  bool operator==(const EtcFiles&) const = default;
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
  NetworkNamespace network = NetworkNamespace::own;
  bool operator==(const ContainerSpec&) const = default;
};

/// Docker's default set of 14 capabilities, names without CAP_.
const std::set<std::string>& default_capabilities();
/// Default set, minus `drop` (ALL = everything), plus `add` (ALL = everything this machine has).
/// Names are taken in any case, with or without CAP_. Throws Error on an unknown one.
std::set<std::string> effective_capabilities(const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop, bool privileged);

}  // namespace stack::runtime
