// SPDX-License-Identifier: Apache-2.0
// What is known of a container's life. The supervisor writes it; everybody reads it without asking:
//   <run>/stacks/<project>/status.json          all containers, after each change (tmpfs, renamed)
//   <data>/stacks/<project>/containers/<id>/config.json   ContainerConfig; again when it is updated
//   <data>/stacks/<project>/containers/<id>/state.json    last_exit and friends, at each exit
// The kernel has the last word: a status that says running with no such process is an exit of
// unknown code (read_containers applies that).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "base/process.h"
#include "network/network_spec.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

using TimePoint = std::chrono::system_clock::time_point;

enum class Phase { created, running, restarting, exited, paused };
/// It runs, is held (paused), or will run again by itself.
bool is_up(Phase phase);
enum class Health { none, starting, healthy, unhealthy };
std::string_view to_text(Phase phase);
std::string_view to_text(Health health);

/// Why a container is being ended although it is to run: to be started again.
enum class RestartDue { no, unhealthy, dependency };

struct ContainerStatus {
  std::string id;
  Phase phase = Phase::created;
  Health health = Health::none;
  ProcessIdentity process;  ///< process 1; pid 0 when not running
  /// Whose namespaces it is in, by container name, as they ran when it was started.
  std::map<std::string, ProcessIdentity> hosts;
  /// hash_of_text() of each file of the host that it has read at its last start, for a config or
  /// secret. Empty when its configuration was changed after that, which says what it has.
  std::map<std::string, std::string> texts;
  std::optional<int> exit_code;  ///< of the last run; unset when unknown (reboot)
  bool oom_killed = false;
  bool stopped_by_user = false;  ///< by stop or down: no restart policy applies
  RestartDue restart_due = RestartDue::no;
  bool ended_well = false;  ///< a run of it has ended with 0, without anybody's asking
  bool hooks_due = false;   ///< of post_start: not all have succeeded since it was asked to start
  std::uint64_t restarts = 0;
  TimePoint created{};
  TimePoint started{};                                            ///< epoch: never
  TimePoint finished{};                                           ///< epoch: never
  std::map<std::string, network::DualAddress> addresses;          ///< by network name
  std::map<std::string, network::DualAddress> virtual_addresses;  ///< of its service, same
  std::map<std::string, std::string> interfaces;                  ///< by network name: "eth0"
  std::vector<network::PublishedPort> published;                  ///< as bound now
  std::uint16_t dns_udp_port = 0;  ///< inside the container's namespace
  std::uint16_t dns_tcp_port = 0;
  std::string error;  ///< why the last start failed, empty when it did not
  /// Output of the last failed health check, or what is missing until it is ready.
  std::string last_probe;
};
void to_json(nlohmann::json& json, const ContainerStatus& status);
void from_json(const nlohmann::json& json, ContainerStatus& status);

/// A container as observed: what it was made from and how it is.
struct ObservedContainer {
  ContainerConfig config;
  ContainerStatus status;
};

struct ObservedNetwork {
  NetworkConfig config;
  std::map<std::string, network::DualAddress> leases{};  ///< by container name
  std::vector<std::string> guests = {};  ///< of other stacks, that run: "blog/blog-web-1"
};
/// Owner of the networks that belong to no stack (`stack network create`). No project can be called
/// so.
inline constexpr const char* lone_networks_project = "@networks";

/// What containers without a compose file belong to (`stack container run`): each is the container
/// of a service of its name. No person's project can be called so.
inline constexpr const char* lone_containers_project = "@containers";

/// Owner of the network that steps of builds are in.
inline constexpr const char* builds_project = "@builds";

/// What becomes of a damaged document: a command tells it, unless it is to take the stack away; a
/// supervisor goes on without.
enum class Unreadable { is_an_error, is_left_out };

/// What of a container's configuration is read: `summary` leaves spec (but for the arguments of its
/// process), ports, links, extra_hosts, health and stop as they are by default, and is twice as
/// fast.
enum class ConfigParts { all, summary };

/// All of a project, from disk and kernel alone; changes nothing and talks to nobody. A container
/// directory without a complete config.json is not a container. Sorted by name.
std::vector<ObservedContainer> read_containers(const HostPaths& paths, const std::string& project,
                                               ConfigParts parts = ConfigParts::all,
                                               Unreadable unreadable = Unreadable::is_an_error);
std::vector<ObservedNetwork> read_networks(const HostPaths& paths, const std::string& project,
                                           Unreadable unreadable = Unreadable::is_an_error);
/// The project that has a network of this name, `except` left out; nothing when none has.
std::optional<std::string> find_network_owner(const HostPaths& paths, const std::string& network,
                                              const std::string& except);
/// Projects that have anything on disk.
std::vector<std::string> list_projects(const HostPaths& paths);
/// Without those that own networks only: what a person may name as a stack, and "@containers".
std::vector<std::string> list_stacks(const HostPaths& paths);
/// True when `process` is the supervisor of `project`: the child of its keeper.
bool is_supervisor_of(const HostPaths& paths, const std::string& project, pid_t process);

}  // namespace stack::supervisor
