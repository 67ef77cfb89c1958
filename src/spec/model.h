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
  std::string protocol = "tcp";  ///< tcp, udp or sctp
  std::string mode = "ingress";
  std::string name;
  std::string app_protocol;
  auto operator<=>(const Port&) const = default;
};

/// One free port out of several of the host's.
inline bool is_range(const Port& port) {
  return port.published_last && port.published_last != port.published;
}

enum class MountType { volume, bind, tmpfs, image };

struct Mount {
  MountType type = MountType::volume;
  /// volume: key in Project::volumes, empty for an anonymous one; bind: absolute path; image: its
  /// reference; tmpfs: empty.
  std::string source;
  std::string target;  ///< absolute, cleaned
  Access access = Access::read_write;
  std::string propagation;       ///< bind: rprivate when empty
  bool create_host_path = true;  ///< bind
  bool recursive = true;         ///< bind
  bool nocopy = false;           ///< volume: do not fill from the image
  std::string subpath;           ///< volume, image
  std::optional<std::uint64_t> tmpfs_size;
  std::optional<std::uint32_t> tmpfs_mode;
  Strings tmpfs_options;  ///< as in `tmpfs: /run:noexec,uid=33`
  /// An entry of `tmpfs`, and not of `volumes`: its options as they stand there.
  std::optional<std::string> tmpfs_words = {};
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
  Strings link_local_ips;
  std::string mac_address;
  std::string interface_name;
  int priority = 0;
  int gw_priority = 0;
  StringMap driver_opts;
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
  std::uint64_t max_attempts = 0;      ///< 0: without end
  std::chrono::nanoseconds delay{0};   ///< before each start; 0: ours to choose
  std::chrono::nanoseconds window{0};  ///< who has run for so long was started well; 0: none has
  bool operator==(const RestartPolicy&) const = default;
};

/// `logging`: what becomes of the output (logging.h reads its options).
struct Logging {
  std::string driver;  ///< empty: json-file
  StringMap options;
  bool operator==(const Logging&) const = default;
};

/// setrlimit(2), -1: without limit.
struct Ulimit {
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  bool operator==(const Ulimit&) const = default;
};

/// A node of the host, or a CDI name (is_cdi_name(): "vendor.com/class=name"; so is `target` then).
struct Device {
  std::string source;
  std::string target;
  std::string permissions;
  bool operator==(const Device&) const = default;
};

/// `gpus` and deploy.resources.reservations.devices.
struct DeviceRequest {
  bool reserved = false;  ///< stands under deploy
  std::string driver;
  std::optional<std::int64_t> count;  ///< -1: all
  Strings device_ids;
  Strings capabilities;
  StringMap options;
  bool operator==(const DeviceRequest&) const = default;
};

/// A block device and its weight, or its bytes or operations a second.
struct BlockRate {
  std::string path;
  std::uint64_t value = 0;
  bool operator==(const BlockRate&) const = default;
};

struct BlockLimits {
  std::optional<std::uint16_t> weight;
  std::vector<BlockRate> weight_device;
  std::vector<BlockRate> read_bps;
  std::vector<BlockRate> read_iops;
  std::vector<BlockRate> write_bps;
  std::vector<BlockRate> write_iops;
  bool operator==(const BlockLimits&) const = default;
};

/// Where a service wants a config or a secret: `source` is its key in the project.
struct FileReference {
  std::string source;
  std::string target;  ///< empty: /SOURCE; secrets always have one
  std::string uid;
  std::string gid;
  std::optional<std::uint32_t> mode;
  bool operator==(const FileReference&) const = default;
};

/// `security_opt`, taken apart (security_options.h).
struct SecurityOptions {
  bool no_new_privileges = false;
  bool writable_cgroups = false;
  bool system_paths_unconfined = false;
  std::string seccomp;   ///< empty or "builtin", "unconfined", or the path of a profile
  std::string apparmor;  ///< empty: the default
  bool operator==(const SecurityOptions&) const = default;
};

/// `post_start` and `pre_stop`: a command in the running container.
struct Hook {
  Strings command;
  std::string user;
  bool privileged = false;
  std::string working_dir;
  Environment environment;
  bool operator==(const Hook&) const = default;
};

/// `x-stack.ready`: when a container of the service counts as ready, without a health check.
struct Readiness {
  /// `listening`: on one of its ports (auto), or on `port` (tcp).
  enum class Kind { listening, unix_socket, http, log, file, exec, notify } kind = Kind::listening;
  std::uint16_t port = 0;   ///< tcp, http; 0: auto
  std::string host;         ///< http: an address, or "localhost"
  std::string path;         ///< unix, file: in the container; http: with its query
  int status = 0;           ///< http; 0: any of 200 to 399
  std::string pattern;      ///< log: an extended regular expression
  std::uint64_t count = 1;  ///< log: so many lines
  Strings command;          ///< exec
  std::optional<std::chrono::nanoseconds> timeout;  ///< 0: without end
  bool operator==(const Readiness&) const = default;
};

/// `pre_start`: a container that runs to its end before those of the service start.
struct PreStart {
  Hook run;
  std::string image;         ///< empty: the service's
  bool per_replica = false;  ///< once before each container, instead of once before the first
  bool operator==(const PreStart&) const = default;
};

/// `build`: how a service's image is made. Arguments without a value are those that nobody gave.
struct Build {
  std::string context;  ///< absolute, or a repository's address
  std::string dockerfile;
  std::optional<std::string> dockerfile_inline;
  Environment args;
  StringMap additional_contexts;
  Strings cache_from;
  Strings extra_hosts;  ///< as Service::extra_hosts
  StringMap labels;
  std::string network;
  bool no_cache = false;
  Strings no_cache_filter;
  Strings platforms;
  bool privileged = false;
  bool pull = false;
  std::vector<FileReference> secrets;
  std::optional<std::uint64_t> shm_size;
  Strings ssh;
  Strings tags;
  std::string target;
  std::map<std::string, Ulimit> ulimits;
  bool operator==(const Build&) const = default;
};

/// `deploy.update_config.order`: what of a container and its successor comes first.
enum class UpdateOrder { unset, stop_first, start_first };

/// What becomes of an update when more of its containers fail than `max_failure_ratio` bears.
enum class FailureAction { pause, go_on, rollback };

/// `deploy.update_config`: how a service's containers give way to changed ones, some at a time.
struct UpdateConfig {
  int parallelism = 1;  ///< containers at once; 0: all
  std::chrono::nanoseconds delay{};
  FailureAction failure_action = FailureAction::pause;
  std::chrono::nanoseconds monitor{};  ///< watched for so long after it has settled
  double max_failure_ratio = 0;
  UpdateOrder order = UpdateOrder::unset;
  bool operator==(const UpdateConfig&) const = default;
};

/// x-stack.on_change: what another text of a config or secret does to a container that runs.
struct OnChange {
  enum class Kind { recreate, restart, signal, none } kind = Kind::recreate;
  std::string signal;  ///< "SIGHUP"
  bool operator==(const OnChange&) const = default;
};

/// A service that somebody else's program provides, without a container of ours (docker compose's
/// docs/extension.md).
struct Provider {
  std::string service;
  std::string type;                              ///< which program: see provider_program.h
  std::map<std::string, Strings> options;        ///< for its command line
  std::map<std::string, Dependency> depends_on;  ///< services and providers
  std::set<std::string> dependents = {};         ///< services and providers that depend on it
  bool operator==(const Provider&) const = default;
};

struct Service {
  std::string name;
  std::string image;     ///< of one that is built without a name: PROJECT-SERVICE
  std::string platform;  ///< of the image, "linux/arm64"; empty: this machine's
  std::optional<Build> build;
  std::string pull_policy;            ///< "always", "every_12h", ...; empty: when it is missing
  std::string pull_refresh_after;     ///< "12h": with pull_policy "refresh", or none
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
  std::string mac_address;                            ///< of the first network that is joined
  std::string network_mode;  ///< empty, none, host, bridge, service:NAME or container:NAME
  std::vector<Link> links;
  std::vector<Link>
      external_links;  ///< `service`: the name of a container, perhaps of another stack
  Strings dns;         ///< addresses
  Strings dns_search;  ///< "." alone: none
  Strings dns_opt;
  Strings extra_hosts;  ///< "NAME=ADDRESS" or "NAME=host-gateway"; a name may have several
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
  std::optional<std::int64_t> pids_limit;        ///< -1: without limit
  std::optional<std::uint64_t> mem_reservation;  ///< bytes
  std::optional<std::int64_t> memswap_limit;     ///< bytes of memory and swap; -1: without limit
  std::optional<std::uint64_t> mem_swappiness;   ///< 0..100
  bool oom_kill_disable = false;
  std::optional<int> oom_score_adj;
  std::optional<std::uint64_t> cpu_shares;
  std::optional<std::uint64_t> cpu_period;      ///< microseconds
  std::optional<std::int64_t> cpu_quota;        ///< same
  std::optional<std::uint64_t> cpu_rt_period;   ///< same
  std::optional<std::uint64_t> cpu_rt_runtime;  ///< same
  std::string cpuset;
  std::optional<std::uint64_t> shm_size;  ///< bytes
  BlockLimits blkio_config;
  std::map<std::string, Ulimit> ulimits;
  StringMap sysctls;
  Strings group_add;
  std::vector<Device> devices;
  Strings device_cgroup_rules;
  std::vector<DeviceRequest> device_requests;
  std::optional<RestartPolicy> deploy_restart;  ///< deploy.restart_policy, which wins over restart
  SecurityOptions security;
  std::string pid;     ///< empty, host, service:NAME or container:NAME
  std::string ipc;     ///< same, and none, private, shareable
  std::string uts;     ///< empty or host
  std::string cgroup;  ///< empty, host or private
  std::string cgroup_parent;
  std::string userns_mode;         ///< empty or host: ids are not remapped; see user_namespace.h
  bool idmap_owner = false;        ///< x-stack.idmap: owner
  std::optional<Readiness> ready;  ///< x-stack.ready
  bool restart_unhealthy = false;  ///< x-stack.restart_unhealthy
  bool keeps_anonymous = false;    ///< x-stack.anonymous: keep
  OnChange on_change;
  std::vector<FileReference> configs;
  std::vector<FileReference> secrets;
  std::vector<Hook> post_start;
  std::vector<Hook> pre_stop;
  std::vector<PreStart> pre_start;
  std::optional<std::uint64_t> storage_size;  ///< storage_opt.size, in bytes
  StringMap annotations;
  int scale = 1;
  bool virtual_address = false;  ///< deploy.endpoint_mode: vip
  std::optional<UpdateConfig> update_config;
  Strings profiles;
  Logging logging;
  std::optional<Provider> provider;  ///< in a loaded project never: see Project::providers
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
  std::string name;  ///< PROJECT_KEY unless `name:` says otherwise; of a shared one the key
  std::string driver;
  StringMap driver_opts;
  std::vector<SubnetConfig> ipam;
  bool enable_ipv4 = true;
  bool enable_ipv6 = false;
  bool internal = false;
  bool external = false;
  bool shared = false;  ///< made by the first stack that needs it, removed with the last
  StringMap labels;
  std::string mode_of{};  ///< service whose `network_mode` names it; empty: it is in `networks`
  bool operator==(const Network&) const = default;
};

struct Volume {
  std::string key;
  std::string name;  ///< PROJECT_KEY unless `name:` says otherwise
  std::string driver;
  StringMap driver_opts;
  bool external = false;
  StringMap labels;
  bool of_nobody = false;  ///< `run -v NAME:/path`: made when it is missing, and of no project
  bool operator==(const Volume&) const = default;
};

/// A config or a secret: its text comes from one of file, environment and content.
struct FileObject {
  std::string key;
  std::string name;
  std::string file;         ///< absolute path on the host
  std::string environment;  ///< variable of the command's environment
  std::optional<std::string> content;
  bool external = false;
  bool operator==(const FileObject&) const = default;
};

struct Project {
  std::string name;
  std::filesystem::path working_dir;         ///< absolute
  std::vector<std::filesystem::path> files;  ///< absolute, in merge order
  std::map<std::string, Service> services;   ///< active ones
  std::set<std::string> inactive_services;   ///< of profiles that are not active
  /// Active ones, too. Services that depend on one depend on what it depends on itself.
  std::map<std::string, Provider> providers;
  std::map<std::string, Network> networks;    ///< used ones, "default" included when used
  std::map<std::string, Volume> volumes;      ///< used ones
  std::map<std::string, FileObject> configs;  ///< used ones
  std::map<std::string, FileObject> secrets;  ///< used ones
  SourceMap sources;
  /// The same project as the front end's tree, with every key the files have, those without effect
  /// yet too: what `stack config` prints (render.h). Nothing else looks into it.
  std::shared_ptr<const Node> resolved;
  std::set<std::string> profiles;  ///< that any service names, active or not
  StringMap variables;             ///< that ${...} sees: of the process and of env files
  /// What happened to the values of `resolved`; only when it was asked for.
  std::shared_ptr<const History> history;
  bool interpolated = true;  ///< false under --no-interpolate: `$` is printed as it stands
  /// Networks and volumes are there although no service uses them, and are to be made.
  bool all_resources = false;
  /// Between the parts of the names of containers and images; '_' as docker-compose 1 had it.
  char name_separator = '-';
  bool isolated = false;  ///< one of several checkouts: see isolate.h
  /// Where ports without an address of their own are published; empty: everywhere.
  std::string default_bind;
};

}  // namespace stack::spec
