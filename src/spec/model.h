// SPDX-License-Identifier: Apache-2.0
// What the user wrote, as plain values: interpolated, merged, decoded, checked, with paths made
// absolute and defaults filled in. No behaviour, no YAML, no origin inside: where each value came
// from is kept beside it, in SourceMap, by path ("services.web.ports.0").
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "spec/source_map.h"

namespace stack::spec {

using Strings = std::vector<std::string>;
/// Insertion does not matter, text does: KEY -> VALUE.
using StringMap = std::map<std::string, std::string>;
/// An environment entry without a value (`KEY` alone) unsets what an image or env_file sets.
using Environment = std::map<std::string, std::optional<std::string>>;

struct Node;
class History;

enum class Access { read_write, read_only };

/// One published (or, without `published`, randomly published) port. Ranges are already expanded:
/// `published_last` differs from `published` only for "8000-8010:80", one free port out of a range.
struct Port {
  std::string host_ip;  ///< empty: every address
  std::optional<std::uint16_t> published;
  std::optional<std::uint16_t> published_last;
  std::uint16_t target = 0;
  std::string protocol = "tcp";  ///< tcp, udp (sctp is refused by the network for now)
  std::string mode = "ingress";
  std::string name;
  std::string app_protocol;
  auto operator<=>(const Port&) const = default;
};

enum class MountType { volume, bind, tmpfs };

struct Mount {
  MountType type = MountType::volume;
  /// volume: key in Project::volumes, empty for an anonymous one; bind: absolute path; tmpfs:
  /// empty.
  std::string source;
  std::string target;  ///< absolute, cleaned
  Access access = Access::read_write;
  std::string propagation;       ///< bind: rprivate when empty
  bool create_host_path = true;  ///< bind
  bool recursive = true;         ///< bind
  bool nocopy = false;           ///< volume: do not fill from the image
  std::string subpath;           ///< volume
  std::optional<std::uint64_t> tmpfs_size;
  std::optional<std::uint32_t> tmpfs_mode;
  Strings tmpfs_options;  ///< as in `tmpfs: /run:noexec,uid=33`
  bool operator==(const Mount&) const = default;
};

/// `volumes_from: [SERVICE|container:NAME[:ro]]`
struct VolumesFrom {
  enum class Kind { service, container } kind = Kind::service;
  std::string name;
  Access access = Access::read_write;
  bool operator==(const VolumesFrom&) const = default;
};

struct NetworkAttachment {
  Strings aliases;
  std::string ipv4_address;
  std::string ipv6_address;
  std::string mac_address;
  int priority = 0;
  bool operator==(const NetworkAttachment&) const = default;
};

struct Link {
  std::string service;
  std::string alias;
  bool operator==(const Link&) const = default;
};

enum class Condition { service_started, service_healthy, service_completed_successfully };

struct Dependency {
  Condition condition = Condition::service_started;
  bool restart = false;
  bool required = true;
  bool operator==(const Dependency&) const = default;
};

struct Healthcheck {
  /// As compose keeps it: {"CMD", ...}, {"CMD-SHELL", TEXT} or {"NONE"}; unset inherits the
  /// image's.
  std::optional<Strings> test;
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::chrono::nanoseconds> start_interval;
  std::optional<std::uint64_t> retries;
  bool disable = false;
  bool operator==(const Healthcheck&) const = default;
};

struct RestartPolicy {
  enum class Kind { no, always, on_failure, unless_stopped } kind = Kind::no;
  std::uint64_t max_attempts = 0;  ///< on_failure: 0 = without end
  bool operator==(const RestartPolicy&) const = default;
};

/// `logging`: what becomes of the output (logging.h reads its options).
struct Logging {
  std::string driver;  ///< empty: json-file
  StringMap options;
  bool operator==(const Logging&) const = default;
};

struct Service {
  std::string name;
  std::string image;
  std::optional<Strings> command;     ///< unset: the image's; empty list: none
  std::optional<Strings> entrypoint;  ///< unset: the image's
  Environment environment;            ///< env_file already merged in below it
  std::string user;
  std::string working_dir;
  std::string hostname;
  std::string domainname;
  std::string container_name;
  std::vector<Mount> volumes;  ///< `volumes` and `tmpfs`, in file order
  std::vector<VolumesFrom> volumes_from;
  std::vector<Port> ports;
  Strings expose;
  std::map<std::string, NetworkAttachment> networks;  ///< key of Project::networks
  std::string network_mode;  ///< empty, or "none"/"host" (others are not supported yet)
  std::vector<Link> links;
  std::map<std::string, Dependency> depends_on;  ///< implied ones (links, volumes_from) included
  std::optional<Healthcheck> healthcheck;
  RestartPolicy restart;
  std::string stop_signal;  ///< canonical, "SIGTERM"; empty: the image's, else SIGTERM
  std::optional<std::chrono::nanoseconds> stop_grace_period;
  std::optional<bool> init;
  bool tty = false;
  bool stdin_open = false;
  bool attach = true;
  StringMap labels;
  Strings cap_add;   ///< upper case without CAP_, or ALL
  Strings cap_drop;  ///< same
  bool privileged = false;
  bool read_only = false;
  std::optional<std::uint64_t> mem_limit;  ///< bytes
  std::optional<double> cpus;
  std::optional<std::int64_t> pids_limit;  ///< -1: without limit
  int scale = 1;
  Strings profiles;
  Logging logging;
  bool operator==(const Service&) const = default;
};

struct SubnetConfig {
  std::string subnet;
  std::string ip_range;
  std::string gateway;
  StringMap aux_addresses;
  bool operator==(const SubnetConfig&) const = default;
};

struct Network {
  std::string key;
  std::string name;  ///< PROJECT_KEY unless `name:` says otherwise
  std::string driver;
  StringMap driver_opts;
  std::vector<SubnetConfig> ipam;
  bool internal = false;
  bool external = false;
  StringMap labels;
  bool operator==(const Network&) const = default;
};

struct Volume {
  std::string key;
  std::string name;  ///< PROJECT_KEY unless `name:` says otherwise
  std::string driver;
  StringMap driver_opts;
  bool external = false;
  StringMap labels;
  bool operator==(const Volume&) const = default;
};

struct Project {
  std::string name;
  std::filesystem::path working_dir;         ///< absolute
  std::vector<std::filesystem::path> files;  ///< absolute, in merge order
  std::map<std::string, Service> services;   ///< active ones
  std::map<std::string, Network> networks;   ///< used ones, "default" included when used
  std::map<std::string, Volume> volumes;     ///< used ones
  SourceMap sources;
  /// The same project as the front end's tree, with every key the files have, those without effect
  /// yet too: what `stack config` prints (render.h). Nothing else looks into it.
  std::shared_ptr<const Node> resolved;
  std::set<std::string> profiles;  ///< that any service names, active or not
  StringMap variables;             ///< that ${...} sees: of the process and of env files
  /// What happened to the values of `resolved`; only when it was asked for.
  std::shared_ptr<const History> history;
  bool interpolated = true;  ///< false under --no-interpolate: `$` is printed as it stands
};

}  // namespace stack::spec
