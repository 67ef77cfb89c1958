// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/host_networks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "orchestrator/lower.h"
#include "orchestrator/project_lock.h"
#include "supervisor/client.h"
#include "supervisor/endpoint_plan.h"
#include "supervisor/project_files.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;
using supervisor::Client;
using supervisor::NetworkRecord;
using supervisor::ObservedContainer;
using supervisor::ProjectFiles;

constexpr std::size_t shortest_id = 4;

spec::StringMap strings_of(const Json& applied, const char* key) {
  spec::StringMap strings;
  const auto found = applied.find(key);
  if (found == applied.end() || !found->is_object()) return strings;
  for (const auto& [name, value] : found->items())
    strings[name] = value.is_string() ? value.get<std::string>() : value.dump();
  return strings;
}

std::string id_of(const ProjectFiles& files, const NetworkRecord& record) {
  return stable_hex(fmt::format("{}\n{}\n{}", files.stack_id(), record.config.spec.name,
                                record.created.time_since_epoch().count()),
                    64);
}

std::string driver_of(const network::NetworkSpec& spec) {
  switch (spec.kind) {
    case network::NetworkKind::macvlan:
      return "macvlan";
    case network::NetworkKind::ipvlan:
      return "ipvlan";
    case network::NetworkKind::bridge:
      break;
  }
  return "bridge";
}

HostNetwork described(const ProjectFiles& files, const NetworkRecord& record) {
  HostNetwork network;
  network.id = id_of(files, record);
  network.name = record.config.spec.name;
  network.project = files.project;
  network.driver = driver_of(record.config.spec);
  network.spec = record.config.spec;
  network.created = record.created;
  const Json applied = Json::parse(record.config.applied, nullptr, false);
  if (!applied.is_object()) return network;
  network.options = strings_of(applied, "driver_opts");
  network.labels = strings_of(applied, "labels");
  for (const auto& subnet : applied.value("/ipam/config"_json_pointer, Json::array()))
    network.aux_addresses.merge(strings_of(subnet, "aux_addresses"));
  network.attachable = applied.value("attachable", false);
  if (files.project == supervisor::lone_networks_project) return network;
  network.labels["com.docker.compose.project"] = files.project;
  network.labels["com.docker.compose.network"] = applied.value("key", network.name);
  return network;
}

void add_own(const std::vector<ObservedContainer>& containers, HostNetwork& network) {
  for (const auto& each : containers) {
    const auto address = each.status.addresses.find(network.name);
    if (each.status.process.pid == 0 || address == each.status.addresses.end()) continue;
    for (const auto& endpoint : each.config.endpoints)
      if (endpoint.network == network.name)
        network.members.push_back({each.config.id, each.config.name, network.project,
                                   mac_of(endpoint, address->second), address->second});
  }
}

void add_guests(const NetworkRecord& record, HostNetwork& network) {
  for (const auto& [name, guest] : record.guests) {
    const auto parts = supervisor::split_guest_name(name);
    const auto address = record.leases.find(name);
    if (!parts || address == record.leases.end() || !is_alive(guest.process)) continue;
    network.members.push_back(
        {guest.container_id, parts->second, parts->first, guest.endpoint.mac, address->second});
  }
}

/// A container of any stack, by name or by the beginning of its id.
struct Found {
  std::string project;
  ObservedContainer container;
};

Found find_container(const HostPaths& paths, const std::string& which) {
  std::optional<Found> by_id;
  for (const auto& project : supervisor::list_projects(paths)) {
    for (auto& each : supervisor::read_containers(paths, project)) {
      if (each.config.name == which) return {project, std::move(each)};
      if (which.size() >= shortest_id && each.config.id.starts_with(which))
        by_id = Found{project, std::move(each)};
    }
  }
  if (!by_id) fail("No such container: {}", which);
  return std::move(*by_id);
}

FileLock lock_for(const Host& host, const std::string& project, const char* command) {
  return lock_project(host.paths, project, {command}, host.waiting, host.interrupted);
}

bool nothing_left(const HostPaths& paths, const std::string& project) {
  return supervisor::read_containers(paths, project, supervisor::ConfigParts::summary).empty() &&
         supervisor::read_networks(paths, project).empty();
}

/// What `applied` says of one that belongs to no stack, beside what a stack file can say.
std::string described_whole(const std::string& applied, const spec::Network& wish,
                            bool attachable) {
  Json document = Json::parse(applied);
  if (!wish.labels.empty()) document["labels"] = wish.labels;
  if (!wish.driver_opts.empty()) document["driver_opts"] = wish.driver_opts;
  if (attachable) document["attachable"] = true;
  return document.dump();
}

void check_inside(const network::NetworkSpec& spec, const supervisor::Endpoint& endpoint) {
  const auto refuse = [&](const std::string& address) {
    fail("address {} is in no subnet of network {}", address, spec.name);
  };
  if (endpoint.address && !(spec.has_ipv4() && spec.subnet.contains(*endpoint.address)))
    refuse(to_text(*endpoint.address));
  if (endpoint.address6 && !(spec.has_ipv6() && spec.subnet6.contains(*endpoint.address6)))
    refuse(to_text(*endpoint.address6));
}

}  // namespace

std::vector<HostNetwork> list_networks(const HostPaths& paths) {
  std::vector<HostNetwork> networks;
  for (const auto& project : supervisor::list_projects(paths)) {
    if (project == supervisor::builds_project) continue;  // nobody's to use
    const ProjectFiles files{paths, project};
    const auto records = read_network_records(files);
    if (records.empty()) continue;
    const auto containers =
        supervisor::read_containers(paths, project, supervisor::ConfigParts::summary);
    for (const auto& record : records) {
      HostNetwork network = described(files, record);
      add_own(containers, network);
      add_guests(record, network);
      std::ranges::sort(network.members, {}, &NetworkMember::name);
      networks.push_back(std::move(network));
    }
  }
  std::ranges::sort(networks, {}, &HostNetwork::name);
  return networks;
}

const HostNetwork& find_network(const std::vector<HostNetwork>& networks,
                                const std::string& which) {
  const HostNetwork* by_id = nullptr;
  for (const auto& each : networks) {
    if (each.name == which) return each;
    if (which.size() >= shortest_id && each.id.starts_with(which)) by_id = &each;
  }
  if (by_id == nullptr) fail("network {} not found", which);
  return *by_id;
}

HostNetwork create_network(const spec::Network& wish, bool attachable, const Host& host) {
  const std::string project = supervisor::lone_networks_project;
  const FileLock lock = lock_for(host, project, "stack network create");
  try {
    if (supervisor::find_network_owner(host.paths, wish.name, ""))
      fail("network with name {} already exists", wish.name);
    supervisor::NetworkConfig config = lower(desired_network(wish));
    config.applied = described_whole(config.applied, wish, attachable);
    Client::connect_or_start(host.paths, project).call(supervisor::CreateNetwork{config});
  } catch (const Error&) {
    if (nothing_left(host.paths, project)) remove_project_directories(host.paths, project, lock);
    throw;
  }
  return find_network(list_networks(host.paths), wish.name);
}

void remove_network(const HostNetwork& network, const Host& host) {
  const FileLock lock = lock_for(host, network.project, "stack network rm");
  remove_network(host.paths, network.project, network.name, lock);
}

void remove_network(const HostPaths& paths, const std::string& project, const std::string& name,
                    const FileLock& lock) {
  auto client = Client::connect_or_start(paths, project);
  client.call(supervisor::RemoveNetwork{name});
  if (!nothing_left(paths, project)) return;
  client.call(supervisor::Shutdown{});
  remove_project_directories(paths, project, lock);
}

std::set<std::string> networks_in_use(const HostPaths& paths, supervisor::Unreadable unreadable) {
  std::set<std::string> used;
  for (const auto& project : supervisor::list_projects(paths))
    for (const auto& each :
         supervisor::read_containers(paths, project, supervisor::ConfigParts::summary, unreadable))
      for (const auto& endpoint : each.config.endpoints) used.insert(endpoint.network);
  return used;
}

std::vector<std::string> unused_networks(const std::vector<HostNetwork>& networks,
                                         const HostPaths& paths) {
  const std::set<std::string> used = networks_in_use(paths);
  std::vector<std::string> unused;
  for (const auto& network : networks)
    if (!used.contains(network.name)) unused.push_back(network.name);
  return unused;
}

void connect_network(const HostNetwork& network, const std::string& container,
                     supervisor::Endpoint endpoint, const Host& host) {
  check_inside(network.spec, endpoint);
  const Found found = find_container(host.paths, container);
  const FileLock lock = lock_for(host, found.project, "stack network connect");
  std::optional<Client> owner;  // stays as long as we talk to it
  if (network.project != found.project)
    owner = Client::connect_or_start(host.paths, network.project);
  endpoint.network = network.name;
  Client::connect_or_start(host.paths, found.project)
      .call(supervisor::ConnectContainer{found.container.config.id, std::move(endpoint)});
}

void disconnect_network(const HostNetwork& network, const std::string& container, Missing missing,
                        const Host& host) {
  const Found found = find_container(host.paths, container);
  const bool inside = std::ranges::any_of(found.container.config.endpoints, [&](const auto& each) {
    return each.network == network.name;
  });
  if (!inside && missing == Missing::fine) return;
  const FileLock lock = lock_for(host, found.project, "stack network disconnect");
  Client::connect_or_start(host.paths, found.project)
      .call(supervisor::DisconnectContainer{found.container.config.id, network.name});
}

}  // namespace stack::orchestrator
