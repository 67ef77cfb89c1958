// SPDX-License-Identifier: Apache-2.0
// Where the supervisor keeps what it knows of one project, and the documents themselves.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/host_paths.h"
#include "supervisor/container_config.h"
#include "supervisor/status.h"

namespace stack::supervisor {

/// Paths of one project. Those under `run` are gone after a reboot.
struct ProjectFiles {
  HostPaths paths;
  std::string project;

  std::filesystem::path run() const { return paths.project_run(project); }
  std::filesystem::path control_socket() const { return run() / "control.sock"; }
  std::filesystem::path keeper_lock() const { return run() / "keeper.lock"; }
  std::filesystem::path keeper_pid() const { return run() / "keeper.pid"; }
  /// See operations_mark.h.
  std::filesystem::path operations() const { return run() / "operations"; }
  std::filesystem::path exits() const { return run() / "exits"; }
  std::filesystem::path status() const { return run() / "status.json"; }
  std::filesystem::path uplink() const { return run() / "uplink.json"; }
  std::filesystem::path log() const { return run() / "supervisor.log"; }
  std::filesystem::path net_lock() const { return paths.run / "net.lock"; }
  /// See volume_instances.h.
  std::filesystem::path volumes_lock() const { return paths.run / "volumes.lock"; }
  std::filesystem::path forwarding_memory() const { return paths.run / "ip_forward"; }
  std::filesystem::path forwarding6_memory() const { return paths.run / "ip6_forward"; }

  std::filesystem::path containers() const { return paths.project_data(project) / "containers"; }
  std::filesystem::path container(const std::string& id) const { return containers() / id; }
  /// What a container has written to its own root, and overlayfs' place to work in.
  std::filesystem::path upper(const std::string& id) const { return container(id) / "upper"; }
  std::filesystem::path work(const std::string& id) const { return container(id) / "work"; }
  /// What containers need while they run only: pipes, files bound into /etc.
  std::filesystem::path all_running() const { return run() / "running"; }
  std::filesystem::path running(const std::string& id) const { return all_running() / id; }
  std::filesystem::path secrets() const { return run() / "secrets"; }
  /// Of containers that have been replaced.
  std::filesystem::path logs() const { return paths.project_data(project) / "logs"; }
  std::filesystem::path events() const { return paths.project_data(project) / "events"; }
  std::filesystem::path networks() const { return paths.project_data(project) / "networks"; }
  /// Throws Error when it is no name: it would lead elsewhere.
  std::filesystem::path network(const std::string& name) const;
  /// Parent of the containers' cgroups.
  std::string cgroup() const { return "stack/" + project; }
  /// The keeper's own, below that. Of an installation that is not where it usually is, with its id:
  /// another may have a stack of the same name.
  std::string keeper_cgroup() const;
  /// 8 hex digits that name this stack's links and tables: project and installation.
  std::string stack_id() const;
};

/// Whether the group of this name, below a project's, is a keeper's; the others are containers'.
bool is_keeper_cgroup(std::string_view name);

/// The pid in keeper_pid(); nothing when there is none.
std::optional<pid_t> read_keeper_pid(const ProjectFiles& files);
/// False when there was never one, or it was killed, though the kernel may still be freeing what it
/// had: then nobody knows of its containers' ends.
bool has_keeper(const ProjectFiles& files);
/// The keeper, when has_keeper().
std::optional<ProcessIdentity> find_keeper(const ProjectFiles& files);

/// A container as last written down, with what the kernel says left out.
struct RecordedContainer {
  ContainerConfig config;
  ContainerStatus status;
};

/// Writes <container>/config.json. Complete or absent after a crash; after a power loss a container
/// just created may be gone, which the next `up` notices and makes good.
void write_config(const ProjectFiles& files, const ContainerConfig& config, TimePoint created);
/// Writes <container>/state.json: what must outlive the run directory.
void write_state(const ProjectFiles& files, const ContainerStatus& status);
/// Writes status.json: all containers of the project.
void write_status(const ProjectFiles& files, const std::vector<const ContainerStatus*>& all);
/// Everything recorded, sorted by name; statuses of another boot have lost their process. What is
/// torn and does not run is no container (a power loss): it is an error only while it runs.
std::vector<RecordedContainer> read_recorded(const ProjectFiles& files,
                                             ConfigParts parts = ConfigParts::all,
                                             Unreadable unreadable = Unreadable::is_an_error);
/// Ids of directories that hold no container that could be read.
std::vector<std::string> unreadable_containers(const ProjectFiles& files);

/// A container of another stack that is or was plugged into a network of this one.
struct Guest {
  std::string container_id;
  std::vector<std::string> names;  ///< that it is found by in this network
  ProcessIdentity process;         ///< pid 0: it does not run
  network::EndpointSpec endpoint;
  bool operator==(const Guest&) const = default;
};

/// A network with the addresses given out in it, by container name; guests are "PROJECT/CONTAINER".
struct NetworkRecord {
  NetworkConfig config;
  std::map<std::string, network::DualAddress> leases;
  std::map<std::string, Guest> guests{};
  TimePoint created{};  ///< epoch: made by a version that did not write it down
};
void write_network(const ProjectFiles& files, const NetworkRecord& record, Durability durability);
/// Of what is left out only the name is known.
std::vector<NetworkRecord> read_network_records(const ProjectFiles& files,
                                                Unreadable unreadable = Unreadable::is_an_error);
/// Nothing when there is no such network.
std::optional<NetworkRecord> read_network_record(const ProjectFiles& files,
                                                 const std::string& name);

/// A network as a container of another stack sees it.
struct JoinedNetwork {
  std::string owner;  ///< its stack
  network::NetworkSpec spec;
  network::DualAddress host_gateway;  ///< what `host-gateway` means there; empty before first use
};
std::optional<JoinedNetwork> find_joined_network(const ProjectFiles& guest,
                                                 const std::string& network);

/// "PROJECT/CONTAINER", as guests are called.
std::string guest_name(const std::string& project, const std::string& container);
/// The two parts; nothing for a container of the stack's own.
std::optional<std::pair<std::string, std::string>> split_guest_name(const std::string& name);

void write_uplink(const ProjectFiles& files, const network::UplinkSpec& uplink);
std::optional<network::UplinkSpec> read_uplink(const ProjectFiles& files);

}  // namespace stack::supervisor
