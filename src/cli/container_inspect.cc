// SPDX-License-Identifier: Apache-2.0
#include "cli/container_inspect.h"

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "cli/container_view.h"

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

Json applied(const ObservedContainer& container) {
  Json json = Json::parse(container.config.applied, nullptr, false);
  return json.is_object() ? json : Json::object();
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
    state["Health"] = {{"Status", std::string(to_text(status.health))}};
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

Json host_config(const ObservedContainer& container) {
  const auto& config = container.config;
  return {{"AutoRemove", config.by_hand && config.by_hand->removed_at_end},
          {"Binds", binds(container)},
          {"NetworkMode", network_mode(container)},
          {"PortBindings", bindings(container)},
          {"ReadonlyRootfs", config.spec.root.writable == runtime::Writable::no},
          {"RestartPolicy",
           {{"Name", restart_name(config.restart.kind)},
            {"MaximumRetryCount", config.restart.max_attempts}}}};
}

/// The volume that a mount's source lies in, by the store's way of laying them out.
std::string volume_name(const std::string& source) {
  constexpr std::string_view data = "/_data";
  const std::size_t end = source.rfind(data);
  if (end == std::string::npos || source.find("/volumes/") == std::string::npos) return "";
  const std::string home = source.substr(0, end);
  return home.substr(home.rfind('/') + 1);
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
    if (const std::string name = volume_name(mount.source); mount.container_ids && !name.empty()) {
      entry["Type"] = "volume";
      entry["Name"] = name;
      entry["Driver"] = "local";
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json networks(const ObservedContainer& container) {
  Json all = Json::object();
  for (const auto& endpoint : container.config.endpoints) {
    Json entry{{"Aliases", endpoint.aliases}, {"IPAddress", ""}, {"MacAddress", endpoint.mac}};
    const auto leased = container.status.addresses.find(endpoint.network);
    if (leased != container.status.addresses.end() && leased->second.v4)
      entry["IPAddress"] = network::to_text(*leased->second.v4);
    all[endpoint.network] = std::move(entry);
  }
  return all;
}

Json config_json(const ObservedContainer& container, const std::string& project) {
  const auto& config = container.config;
  const auto& process = config.spec.process;
  const Json wish = applied(container);
  Json labels = wish.contains("labels") ? wish["labels"] : Json::object();
  labels["com.docker.compose.project"] = project;
  labels["com.docker.compose.service"] = config.service;
  if (project.starts_with('@')) {
    labels.erase("com.docker.compose.project");
    labels.erase("com.docker.compose.service");
  }
  return {{"Hostname", config.spec.hostname},
          {"Domainname", config.spec.domainname},
          {"User", process.user},
          {"Tty", process.terminal},
          {"OpenStdin", process.open_stdin},
          {"StdinOnce", config.by_hand && config.by_hand->stdin_once},
          {"Env", process.environment},
          {"Cmd", process.arguments},
          {"Image", image_text(container)},
          {"WorkingDir", process.working_directory},
          {"StopSignal", config.stop.signal},
          {"Labels", std::move(labels)}};
}

}  // namespace

nlohmann::json inspect_json(const ObservedContainer& container, const std::string& project) {
  const auto& config = container.config;
  const auto& arguments = config.spec.process.arguments;
  const Json wish = applied(container);
  Json seats = networks(container);
  const std::string address =
      seats.empty() ? "" : seats.begin().value()["IPAddress"].get<std::string>();
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
          {"Config", config_json(container, project)},
          {"NetworkSettings",
           {{"IPAddress", address}, {"Ports", published(container)}, {"Networks", seats}}}};
}

}  // namespace stack::cli
