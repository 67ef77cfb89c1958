// SPDX-License-Identifier: Apache-2.0
// All that the supervisor must know of one container to start, restart, probe, stop and reach it,
// for as long as it exists. Decided by the orchestrator, written to disk by the supervisor, and not
// changed afterwards but for what replace_changeable() names: any other change is a new container.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "network/network_spec.h"
#include "runtime/container_spec.h"

namespace stack::supervisor {

struct HealthPolicy {
  std::vector<std::string>
      command;  ///< argv, ready to exec ("CMD-SHELL x" is {"/bin/sh","-c","x"})
  std::chrono::nanoseconds interval = std::chrono::seconds(30);
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds start_period{0};
  std::chrono::nanoseconds start_interval = std::chrono::seconds(5);
  std::uint64_t retries = 3;
  bool operator==(const HealthPolicy&) const = default;
};

/// When a container counts as ready after its start, without a health check; with one, when its
/// checks begin.
struct ReadyRule {
  enum class Kind { listening, unix_socket, http, log, file, exec, notify };
  struct Port {
    std::uint16_t number = 0;
    std::string protocol = "tcp";  ///< tcp or udp
    bool operator==(const Port&) const = default;
  };
  Kind kind = Kind::listening;
  std::vector<Port> ports;           ///< listening: one of these; none: any of tcp. http: the one
  bool loopback_counts = true;       ///< listening: who cannot be reached from outside counts too
  std::string host;                  ///< http: an address, or "localhost"
  std::string path;                  ///< unix_socket, file: absolute, in the container; http
  int status = 0;                    ///< http; 0: any of 200 to 399
  std::string pattern;               ///< log: see base/pattern.h
  std::uint64_t count = 1;           ///< log: so many lines of this run
  std::vector<std::string> command;  ///< exec
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);  ///< 0: without end
  bool operator==(const ReadyRule&) const = default;
};

enum class RestartKind { no, always, on_failure, unless_stopped };

struct RestartRule {
  RestartKind kind = RestartKind::no;
  std::uint64_t max_attempts = 0;  ///< in a row; 0: without end
  /// Before each start; 0: doubling pauses.
  std::chrono::nanoseconds delay{0};
  /// A run of this length shows that the start before it was a success: the attempts are counted
  /// anew. 0: all count.
  std::chrono::nanoseconds window{0};
  bool when_unhealthy = false;  ///< also one that runs, and whose health has turned unhealthy
  bool operator==(const RestartRule&) const = default;
};

/// A command inside the running container: `post_start`, `pre_stop`.
struct HookRule {
  runtime::ProcessSpec process;
  bool privileged = false;
  bool operator==(const HookRule&) const = default;
};

struct StopRule {
  std::string signal = "SIGTERM";
  std::chrono::nanoseconds grace = std::chrono::seconds(10);
  bool operator==(const StopRule&) const = default;
};

/// `links: [db:database]`: a name that only this container can resolve.
struct LinkRule {
  std::string alias;
  std::string target;  ///< an alias that somebody has in a network shared with this container
  bool operator==(const LinkRule&) const = default;
};

/// The part that a container has in its service's virtual address in a network.
struct VirtualSeat {
  std::string service;
  std::vector<std::string> names;  ///< those of `aliases` that lead to that address alone
  int place = -1;                  ///< see network::AddressWish, from the end
  bool operator==(const VirtualSeat&) const = default;
};

/// One network that the container joins. Addresses are the supervisor's to give (kept over
/// restarts) unless the file fixes them.
struct Endpoint {
  std::string network;  ///< NetworkSpec::name
  std::optional<network::Ipv4> address;
  std::string mac;  ///< empty: from the address
  std::vector<std::string>
      aliases;  ///< names for everybody in that network: service, container, own
  std::optional<network::Ipv6> address6{};
  std::string interface {};  ///< name inside; empty: "eth" and a number
  int gw_priority = 0;       ///< the highest has the default route; of equals the first by name
  std::vector<network::Ipv4> link_local{};
  std::vector<network::Ipv6> link_local6{};
  std::map<std::string, std::string> sysctls{};  ///< see EndpointSpec
  int place = -1;                                ///< see network::AddressWish
  std::vector<network::Ipv4> kept_free{};
  std::vector<network::Ipv6> kept_free6{};
  std::vector<LinkRule> links{};  ///< of that network only; ContainerConfig::links are of all
  std::optional<VirtualSeat> vip{};
  bool operator==(const Endpoint&) const = default;
};

/// A port to publish; host_port 0 lets the kernel choose, host_port_last > host_port: first free
/// one.
struct PortRule {
  std::string host_ip;  ///< empty: 0.0.0.0 and ::
  std::uint16_t host_port = 0;
  std::uint16_t host_port_last = 0;
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  bool operator==(const PortRule&) const = default;
};

/// How names of the world are looked up. What is empty is the host's.
struct DnsRules {
  std::vector<std::string> servers;  ///< addresses as they are seen from inside
  std::vector<std::string> search;   ///< "." alone: none
  std::vector<std::string> options;  ///< of resolv.conf(5): "ndots:1", "timeout:2"
  bool operator==(const DnsRules&) const = default;
};

/// Where lines of a container's output go beside its files.
struct LogShipping {
  enum class To { journald, syslog } to = To::syslog;
  /// journald, and syslog by unix: a path. Others: "192.0.2.1", or an IPv6 address without
  /// brackets.
  std::string place;
  enum class Way { unix_socket, udp, tcp } way = Way::unix_socket;
  std::uint16_t port = 0;  ///< of udp and tcp
  enum class Format { bsd_local, rfc3164, rfc5424, rfc5424_micro } format = Format::bsd_local;
  int facility = 3;  ///< of syslog(3), as a number: 3 is daemon
  std::string tag;   ///< what the lines are said to come from
  /// journald: further fields, "CONTAINER_NAME=shop-web-1".
  std::vector<std::string> fields;
  bool operator==(const LogShipping&) const = default;
};

/// What becomes of a container's output.
struct LogPolicy {
  enum class Kept { files, nothing } kept = Kept::files;
  std::uint64_t max_size = 0;   ///< bytes of a generation of files; 0: without end
  std::uint64_t max_files = 1;  ///< generations that are kept, the one being written included
  std::optional<LogShipping> shipping = {};
  bool operator==(const LogPolicy&) const = default;
};

/// A container that a person runs by hand, and the command that does.
struct HandRun {
  /// Input ends with that of the first command that is attached, which ends it by
  /// WriteInput::last, or by going away.
  bool stdin_once = false;
  /// It is removed when it has ended, and no command that waits for that is there any more.
  bool removed_at_end = false;
  /// Directories that are deleted then, too.
  std::vector<std::string> directories = {};
  bool operator==(const HandRun&) const = default;
};

/// What was said, where `inspect` has to repeat the words and not what became of them. Without any
/// they are made up as docker compose would say them.
struct Wording {
  std::map<std::string, std::string> binds;  ///< -v, by target: its mode; "" when none was told
  std::map<std::string, std::string> tmpfs;  ///< --tmpfs, by target: its options
  std::set<std::string> mounts;  ///< targets of --mount, and of what only docker's Mounts can say
  std::vector<std::string> security;  ///< --security-opt
  std::string mac_address;            ///< --mac-address
  std::string depends_on;  ///< "db:service_healthy:false,...": on what, when, and restarted with it
  bool detached = false;   ///< nobody was to see its output
  /// -P: how many of its ports are of -p; those behind them are what is exposed.
  std::optional<std::size_t> ports_before_exposed{};
  bool operator==(const Wording&) const = default;
};

struct ContainerConfig {
  std::string id;
  std::string name;     ///< "shop-db-1"
  std::string service;  ///< "db"
  int number = 1;
  /// "pre_start-0": it prepares its service's containers, of which it is none, by running once to
  /// its end. "run-0123456789ab": of `run`, beside its service's containers. Empty: a container of
  /// the service.
  std::string step = {};
  std::optional<HandRun> by_hand = {};
  Wording wording = {};
  runtime::ContainerSpec spec;      ///< etc.* and root.upper/work are filled in by the supervisor
  std::vector<Endpoint> endpoints;  ///< in the order of joining; empty: no network but lo
  std::vector<PortRule> ports;
  /// Those that the file gives by number, to whomever: what is chosen for a rule that leaves its
  /// port open is none of them.
  std::vector<PortRule> fixed_ports = {};
  std::vector<LinkRule> links;
  /// Name and address, or "host-gateway"; a name may have several.
  std::vector<std::pair<std::string, std::string>> extra_hosts;
  DnsRules dns;
  std::optional<HealthPolicy> health;
  std::optional<ReadyRule> ready;
  RestartRule restart;
  /// Services with which it is restarted when they are by their policy, and whether it waits until
  /// they are healthy then.
  std::map<std::string, bool> restart_with = {};
  StopRule stop;
  std::vector<HookRule> post_start;  ///< after each start that was asked for
  std::vector<HookRule> pre_stop;    ///< before the stop signal
  LogPolicy log;
  /// The name of the container that it was set aside for, which has not proved itself yet: most
  /// often the one that it had itself (name_of_its_own()). Empty: it is the one.
  std::string place = {};
  bool data_container = false;  ///< only holds volumes: shown as `data`, never restarted
  std::map<std::string, std::string> attributes = {};  ///< what events tell of it: image, labels
  /// The orchestrator's own description of what was asked for, kept word for word for the next
  /// diff.
  std::string applied;
  bool operator==(const ContainerConfig&) const = default;
};

/// Of `run`: of its service, but nothing that `up` makes or leaves.
bool is_one_off(const ContainerConfig& config);

/// Whether its service has one in any of its networks.
bool has_virtual_address(const ContainerConfig& config);

/// What a container is called while another one takes its place: "0123456789ab_shop-web-1".
std::string aside_name(const std::string& id, const std::string& name);
/// What it is called when it is not set aside.
std::string name_of_its_own(const ContainerConfig& config);

/// Gives each endpoint the aliases and the part in a virtual address that `wanted` has for its
/// network; one that is not there (it was connected by hand) keeps its own.
void replace_names(std::vector<Endpoint>& endpoints, const std::vector<Endpoint>& wanted);
/// Gives `config` what may change while a container exists as `wanted` has it: its limits, how it
/// is restarted (alone and with others), stopped, probed and published, its hooks, its aliases and
/// its part in virtual addresses, and the description of what was asked for.
void replace_changeable(ContainerConfig& config, const ContainerConfig& wanted);

/// By which the text of a config or secret is known: as `applied` has it, and a status.
std::string hash_of_text(std::string_view text);

void to_json(nlohmann::json& json, const Endpoint& endpoint);
void from_json(const nlohmann::json& json, Endpoint& endpoint);
void to_json(nlohmann::json& json, const ContainerConfig& config);
void from_json(const nlohmann::json& json, ContainerConfig& config);
/// The same in two parts: spec, ports, fixed_ports, links, extra_hosts, dns, health and stop are
/// taken out of a configuration's JSON as its details; the rest is the summary. What is stored as
/// such has spec.process.arguments besides, as "arguments": for lists.
nlohmann::json take_details(nlohmann::json& config);
void read_summary(const nlohmann::json& json, ContainerConfig& config);
void read_details(const nlohmann::json& json, ContainerConfig& config);

/// The networks of the stack, as `applied` for the diff and as the supervisor makes them.
struct NetworkConfig {
  network::NetworkSpec
      spec;  ///< subnet/gateway/bridge may be empty on create: the supervisor chooses
  bool subnet_fixed = false;  ///< the file fixes it
  std::string applied;
  bool operator==(const NetworkConfig&) const = default;
};
void to_json(nlohmann::json& json, const NetworkConfig& config);
void from_json(const nlohmann::json& json, NetworkConfig& config);

}  // namespace stack::supervisor
