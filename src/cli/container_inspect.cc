// SPDX-License-Identifier: Apache-2.0
#include "cli/container_inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "cli/container_view.h"
#include "supervisor/endpoint_plan.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using supervisor::ObservedContainer;
using supervisor::Phase;

constexpr const char* time_format = "%Y-%m-%dT%H:%M:%SZ";
/// docker's for what has not happened.
constexpr const char* never = "0001-01-01T00:00:00Z";

std::string time_text(TimePoint time) {
  return time == TimePoint{} ? never : calendar_text(time, time_format);
}

Json state_json(const ObservedContainer& container) {
  const auto& status = container.status;
  const bool runs = status.process.pid != 0;
  Json state{{"Status", std::string(to_text(status.phase))},
             {"Running", runs},
             {"Paused", status.phase == Phase::paused},
             {"Restarting", status.phase == Phase::restarting},
             {"OOMKilled", status.oom_killed},
             {"Dead", false},
             {"Pid", status.process.pid},
             {"ExitCode", status.exit_code.value_or(0)},
             {"Error", status.error},
             {"StartedAt", time_text(status.started)},
             {"FinishedAt", time_text(status.finished)}};
  if (status.health != supervisor::Health::none)
    state["Health"] = {{"Status", std::string(to_text(status.health))},
                       {"Log", Json::array({{{"Output", status.last_probe}}})}};
  return state;
}

std::string restart_name(supervisor::RestartKind kind) {
  switch (kind) {
    case supervisor::RestartKind::no:
      return "no";
    case supervisor::RestartKind::always:
      return "always";
    case supervisor::RestartKind::on_failure:
      return "on-failure";
    case supervisor::RestartKind::unless_stopped:
      return "unless-stopped";
  }
  return "";
}

std::string port_key(std::uint16_t port, const std::string& protocol) {
  return fmt::format("{}/{}", port, protocol);
}

/// As asked for: a port that may be any is empty.
Json bindings(const ObservedContainer& container) {
  Json all = Json::object();
  for (const auto& rule : container.config.ports)
    all[port_key(rule.container_port, rule.protocol)].push_back(
        {{"HostIp", rule.host_ip},
         {"HostPort", rule.host_port == 0 ? "" : fmt::format("{}", rule.host_port)}});
  return all;
}

Json published(const ObservedContainer& container) {
  Json all = Json::object();
  for (const auto& port : container.status.published)
    all[port_key(port.container_port, port.protocol)].push_back(
        {{"HostIp", port.host_ip}, {"HostPort", fmt::format("{}", port.host_port)}});
  return all;
}

std::string network_mode(const ObservedContainer& container) {
  const auto& space = container.config.spec.namespaces.network;
  if (space.kind == runtime::NamespaceKind::host) return "host";
  if (container.config.endpoints.empty()) return "none";
  return container.config.endpoints.front().network;
}

Json binds(const ObservedContainer& container) {
  Json list = Json::array();
  for (const auto& mount : container.config.spec.mounts)
    if (mount.kind == runtime::MountKind::bind)
      list.push_back(fmt::format("{}:{}{}", mount.source, mount.target,
                                 mount.writable == runtime::Writable::no ? ":ro" : ""));
  return list;
}

/// "/db:/web/database", as docker names both ends.
Json links(const ObservedContainer& container) {
  Json list = Json::array();
  for (const auto& link : container.config.links)
    list.push_back(fmt::format("/{}:/{}/{}", link.target, container.config.name, link.alias));
  return list.empty() ? Json(nullptr) : list;
}

/// As they are kept now; what nobody asked for is docker's nothing.
void add_limits(const runtime::ResourceSpec& limits, Json& config) {
  constexpr double nano = 1e9;
  config["Memory"] = limits.memory_limit.value_or(0);
  config["MemoryReservation"] = limits.memory_reservation.value_or(0);
  config["MemorySwap"] = limits.memory_swap.value_or(0);
  config["NanoCpus"] = static_cast<std::int64_t>(limits.cpus.value_or(0) * nano);
  config["CpuPeriod"] = limits.cpu_period.value_or(0);
  config["CpuQuota"] = limits.cpu_quota.value_or(0);
  config["CpuShares"] = limits.cpu_shares.value_or(0);
  config["CpusetCpus"] = limits.cpuset;
  config["PidsLimit"] = limits.pids_limit ? Json(*limits.pids_limit) : Json(nullptr);
  config["BlkioWeight"] = limits.block.weight.value_or(0);
}

Json host_config(const ObservedContainer& container) {
  const auto& config = container.config;
  const Json wish = wish_of(container);
  const auto of_wish = [&](const char* key) { return wish.value(key, Json(nullptr)); };
  Json json{{"AutoRemove", config.by_hand && config.by_hand->removed_at_end},
            {"Binds", binds(container)},
            {"CapAdd", of_wish("cap_add")},
            {"CapDrop", of_wish("cap_drop")},
            {"Dns", config.dns.servers},
            {"ExtraHosts", of_wish("extra_hosts")},
            {"Links", links(container)},
            {"NetworkMode", network_mode(container)},
            {"PortBindings", bindings(container)},
            {"Privileged", wish.value("privileged", Json(false))},
            {"ReadonlyRootfs", config.spec.root.writable == runtime::Writable::no},
            {"RestartPolicy",
             {{"Name", restart_name(config.restart.kind)},
              {"MaximumRetryCount", config.restart.max_attempts}}}};
  add_limits(config.spec.resources, json);
  return json;
}

Json mounts(const ObservedContainer& container) {
  Json list = Json::array();
  for (const auto& mount : container.config.spec.mounts) {
    Json entry{{"Destination", mount.target},
               {"Source", mount.source},
               {"RW", mount.writable == runtime::Writable::yes},
               {"Type", "bind"}};
    if (mount.kind == runtime::MountKind::tmpfs) entry["Type"] = "tmpfs";
    if (mount.kind == runtime::MountKind::image) entry["Type"] = "image";
    if (const std::string name = volume_of(mount); !name.empty()) {
      entry["Type"] = "volume";
      entry["Name"] = name;
      entry["Driver"] = "local";
    }
    list.push_back(std::move(entry));
  }
  return list;
}

const network::NetworkSpec* find_network(const ContainerSurroundings& around,
                                         const std::string& name) {
  const auto found = std::ranges::find(around.networks, name, &network::NetworkSpec::name);
  return found == around.networks.end() ? nullptr : &*found;
}

Json seat(const ObservedContainer& container, const supervisor::Endpoint& endpoint,
          const ContainerSurroundings& around) {
  Json entry{{"Aliases", endpoint.aliases},
             {"Gateway", ""},
             {"GlobalIPv6Address", ""},
             {"IPAddress", ""},
             {"IPPrefixLen", 0},
             {"MacAddress", ""}};
  const auto leased = container.status.addresses.find(endpoint.network);
  if (leased == container.status.addresses.end()) return entry;
  const auto& address = leased->second;
  if (address.v4) entry["IPAddress"] = network::to_text(*address.v4);
  if (address.v6) entry["GlobalIPv6Address"] = network::to_text(*address.v6);
  entry["MacAddress"] = supervisor::mac_of(endpoint, address);
  if (const auto* const network = find_network(around, endpoint.network); network && address.v4) {
    entry["Gateway"] = network::to_text(network->gateway);
    entry["IPPrefixLen"] = network->subnet.prefix;
  }
  return entry;
}

/// Beside what docker calls the default network's: those of the first.
Json network_settings(const ObservedContainer& container, const ContainerSurroundings& around) {
  Json seats = Json::object();
  for (const auto& endpoint : container.config.endpoints)
    seats[endpoint.network] = seat(container, endpoint, around);
  const auto& endpoints = container.config.endpoints;
  Json json = endpoints.empty() ? seat(container, {}, around) : seats[endpoints.front().network];
  json.erase("Aliases");
  json["Ports"] = published(container);
  for (const auto& [port, protocol] : port_numbers(around.exposed)) {
    const std::string key = fmt::format("{}/{}", port, protocol);
    if (container.status.process.pid != 0 && !json["Ports"].contains(key))
      json["Ports"][key] = nullptr;
  }
  json["Networks"] = std::move(seats);
  return json;
}

/// {"80/tcp": {}}, as docker writes a set.
Json as_set(const std::vector<std::string>& names) {
  Json set = Json::object();
  for (const auto& name : names) set[name] = Json::object();
  return set.empty() ? Json(nullptr) : set;
}

Json exposed(const ObservedContainer& container, const ContainerSurroundings& around) {
  std::vector<std::string> names;
  for (const auto& [port, protocol] : port_numbers(container, around.exposed))
    names.push_back(fmt::format("{}/{}", port, protocol));
  return as_set(names);
}

/// What stands before the command: of the file, or else of the image.
std::vector<std::string> entrypoint_of(const Json& wish, const image::Image* image) {
  if (wish.contains("entrypoint")) return wish["entrypoint"].get<std::vector<std::string>>();
  return image == nullptr ? std::vector<std::string>{} : image->config.entrypoint;
}

void add_program(const ObservedContainer& container, const Json& wish, const image::Image* image,
                 Json& config) {
  const auto entrypoint = entrypoint_of(wish, image);
  const auto& arguments = container.config.spec.process.arguments;
  const std::size_t before = std::min(entrypoint.size(), arguments.size());
  config["Entrypoint"] = entrypoint.empty() ? Json(nullptr) : Json(entrypoint);
  config["Cmd"] = std::vector<std::string>(arguments.begin() + static_cast<std::ptrdiff_t>(before),
                                           arguments.end());
}

Json config_json(const ObservedContainer& container, const ContainerSurroundings& around) {
  const auto& config = container.config;
  const auto& process = config.spec.process;
  const Json wish = wish_of(container);
  Json labels = wish.contains("labels") ? wish["labels"] : Json::object();
  labels["com.docker.compose.project"] = around.project;
  labels["com.docker.compose.service"] = config.service;
  if (around.project.starts_with('@')) {
    labels.erase("com.docker.compose.project");
    labels.erase("com.docker.compose.service");
  }
  Json json{{"Hostname", config.spec.hostname},
            {"Domainname", config.spec.domainname},
            {"User", process.user},
            {"Tty", process.terminal},
            {"OpenStdin", process.open_stdin},
            {"StdinOnce", config.by_hand && config.by_hand->stdin_once},
            {"Env", process.environment},
            {"ExposedPorts", exposed(container, around)},
            {"Volumes", as_set(around.image == nullptr ? std::vector<std::string>{}
                                                       : around.image->config.volumes)},
            {"Image", image_text(container)},
            {"WorkingDir", process.working_directory},
            {"StopSignal", config.stop.signal},
            {"Labels", std::move(labels)}};
  add_program(container, wish, around.image, json);
  return json;
}

}  // namespace

nlohmann::json inspect_json(const ObservedContainer& container,
                            const ContainerSurroundings& around) {
  const auto& config = container.config;
  const auto& arguments = config.spec.process.arguments;
  const Json wish = wish_of(container);
  return {{"Id", config.id},
          {"Created", time_text(container.status.created)},
          {"Path", arguments.empty() ? "" : arguments.front()},
          {"Args", arguments.empty()
                       ? std::vector<std::string>{}
                       : std::vector<std::string>(arguments.begin() + 1, arguments.end())},
          {"State", state_json(container)},
          {"Image", wish.value("image_id", "")},
          {"Name", fmt::format("/{}", config.name)},
          {"RestartCount", container.status.restarts},
          {"Driver", "overlay2"},
          {"Platform", "linux"},
          {"HostConfig", host_config(container)},
          {"Mounts", mounts(container)},
          {"Config", config_json(container, around)},
          {"NetworkSettings", network_settings(container, around)}};
}

}  // namespace stack::cli
