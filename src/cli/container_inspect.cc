// SPDX-License-Identifier: Apache-2.0
#include "cli/container_inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/host_paths.h"
#include "base/ids.h"
#include "cli/container_host_config.h"
#include "cli/container_labels.h"
#include "cli/container_view.h"
#include "cli/docker_json.h"
#include "cli/network_view.h"
#include "image/image_document.h"
#include "runtime/cgroup_stats.h"
#include "runtime/working_directory.h"
#include "supervisor/endpoint_plan.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using supervisor::ObservedContainer;
using supervisor::Phase;

/// docker's for what has not happened.
constexpr const char* never = "0001-01-01T00:00:00Z";

std::string time_text(TimePoint time) {
  return time == TimePoint{} ? never : image::to_rfc3339(time);
}

Json health_json(const ObservedContainer& container, const supervisor::HealthLog& log) {
  Json checks = Json::array();
  for (const auto& check : log.checks)
    checks.push_back({{"Start", time_text(check.begun)},
                      {"End", time_text(check.ended)},
                      {"ExitCode", check.exit_code},
                      {"Output", check.output}});
  return {{"Status", std::string(to_text(container.status.health))},
          {"FailingStreak", log.failing_streak},
          {"Log", std::move(checks)}};
}

/// What is missing until it is ready, where nobody checks its health.
void add_last_probe(const std::string& words, Json& health) {
  if (words.empty() || !health["Log"].empty()) return;
  health["Log"].push_back({{"Start", never}, {"End", never}, {"ExitCode", 1}, {"Output", words}});
}

/// Of one that runs it is known when it happens.
bool was_killed_for_memory(const ObservedContainer& container) {
  if (container.status.process.pid == 0) return container.status.oom_killed;
  return runtime::read_oom_kills(container.config.spec.cgroup) > 0;
}

Json state_json(const ObservedContainer& container, const supervisor::HealthLog& checks) {
  const auto& status = container.status;
  const bool runs = status.process.pid != 0;
  Json state{{"Status", std::string(to_text(status.phase))},
             {"Running", runs},
             {"Paused", status.phase == Phase::paused},
             {"Restarting", status.phase == Phase::restarting},
             {"OOMKilled", was_killed_for_memory(container)},
             {"Dead", false},
             {"Pid", status.process.pid},
             {"ExitCode", status.exit_code.value_or(0)},
             {"Error", status.error},
             {"StartedAt", time_text(status.started)},
             {"FinishedAt", time_text(status.finished)}};
  if (status.health != supervisor::Health::none) {
    state["Health"] = health_json(container, checks);
    add_last_probe(status.last_probe, state["Health"]);
  }
  return state;
}

/// Empty when it does not run.
std::string process_path(const ObservedContainer& container, std::string_view name) {
  const pid_t process = container.status.process.pid;
  return process == 0 ? "" : fmt::format("/proc/{}/{}", process, name);
}

Json published(const ObservedContainer& container) {
  Json all = Json::object();
  for (const auto& port : container.status.published)
    all[port_key(port.container_port, port.protocol)].push_back(
        {{"HostIp", port.host_ip}, {"HostPort", fmt::format("{}", port.host_port)}});
  return all;
}

/// What is a tmpfs stands in HostConfig alone.
Json mounts(const ObservedContainer& container) {
  Json list = Json::array();
  for (const auto& mount : container.config.spec.mounts) {
    if (mount.kind == runtime::MountKind::tmpfs) continue;
    const bool writable = mount.writable == runtime::Writable::yes;
    Json entry{{"Destination", mount.target},      {"Source", mount.source},
               {"Mode", writable ? "rw" : "ro"},   {"RW", writable},
               {"Propagation", mount.propagation}, {"Type", "bind"}};
    if (mount.kind == runtime::MountKind::image) entry["Type"] = "image";
    if (const std::string name = volume_of(mount); !name.empty()) {
      entry["Type"] = "volume";
      entry["Name"] = name;
      entry["Driver"] = "local";
      // Where docker has what is behind the device of a volume with options.
      entry["Source"] = (HostPaths::from_environment().volumes() / name / "_data").native();
      entry["Propagation"] = "";
    }
    list.push_back(std::move(entry));
  }
  return list;
}

const orchestrator::HostNetwork* find_network(const ContainerSurroundings& around,
                                              const std::string& name) {
  const auto found = std::ranges::find(around.networks, name, &orchestrator::HostNetwork::name);
  return found == around.networks.end() ? nullptr : &*found;
}

Json fixed_addresses(const supervisor::Endpoint& endpoint) {
  Json fixed = Json::object();
  if (endpoint.address) fixed["IPv4Address"] = network::to_text(*endpoint.address);
  if (endpoint.address6) fixed["IPv6Address"] = network::to_text(*endpoint.address6);
  return fixed;
}

void add_once(const std::string& name, std::vector<std::string>& names) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// What it was to be called beside what every container is: its name, where no file says so, and
/// the beginning of its id.
std::vector<std::string> aliases(const ObservedContainer& container,
                                 const supervisor::Endpoint& endpoint, bool is_lone) {
  std::vector<std::string> names;
  for (const auto& name : endpoint.aliases)
    if (name != short_id(container.config.id) && !(is_lone && name == container.config.name))
      add_once(name, names);
  return names;
}

/// All names, its own first and that of the id last.
std::vector<std::string> dns_names(const ObservedContainer& container,
                                   const supervisor::Endpoint& endpoint) {
  std::vector<std::string> names{container.config.name};
  for (const auto& name : aliases(container, endpoint, true)) add_once(name, names);
  names.push_back(short_id(container.config.id));
  return names;
}

Json seat(const ObservedContainer& container, const supervisor::Endpoint& endpoint,
          const ContainerSurroundings& around) {
  const bool is_lone = around.of_project.empty();
  Json entry{{"Aliases", list_or_null(aliases(container, endpoint, is_lone))},
             {"DNSNames", nullptr},
             {"DriverOpts", nullptr},
             {"EndpointID", ""},
             {"Gateway", ""},
             {"GlobalIPv6Address", ""},
             {"GlobalIPv6PrefixLen", 0},
             {"GwPriority", 0},
             {"IPAMConfig", nullptr},
             {"IPAddress", ""},
             {"IPPrefixLen", 0},
             {"IPv6Gateway", ""},
             {"Links", nullptr},
             {"MacAddress", ""},
             {"NetworkID", ""}};
  const auto* const network = find_network(around, endpoint.network);
  if (network != nullptr) entry["NetworkID"] = network->id;
  for (const auto& link : endpoint.links)
    entry["Links"].push_back(fmt::format("{}:{}", link.target, link.alias));
  if (Json fixed = fixed_addresses(endpoint); !fixed.empty()) entry["IPAMConfig"] = fixed;
  const auto leased = container.status.addresses.find(endpoint.network);
  if (leased == container.status.addresses.end()) return entry;
  if (!endpoint.aliases.empty()) entry["DNSNames"] = dns_names(container, endpoint);
  if (network != nullptr) entry["EndpointID"] = endpoint_id(*network, container.config.id);
  const auto& address = leased->second;
  if (address.v4) entry["IPAddress"] = network::to_text(*address.v4);
  if (address.v6) entry["GlobalIPv6Address"] = network::to_text(*address.v6);
  entry["MacAddress"] = supervisor::mac_of(endpoint, address);
  if (network != nullptr && address.v4) {
    entry["Gateway"] = network::to_text(network->spec.gateway);
    entry["IPPrefixLen"] = network->spec.subnet.prefix;
  }
  if (network != nullptr && address.v6) {
    entry["IPv6Gateway"] = network::to_text(network->spec.gateway6);
    entry["GlobalIPv6PrefixLen"] = network->spec.subnet6.prefix;
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
  for (const char* key :
       {"Aliases", "DNSNames", "DriverOpts", "GwPriority", "IPAMConfig", "Links", "NetworkID"})
    json.erase(key);
  // docker says the namespace without a network by its name, too.
  if (const std::string mode = network_mode(container); mode == "none" || mode == "host")
    seats[mode] = seat(container, {}, around);
  json.update({{"Bridge", ""},
               {"HairpinMode", false},
               {"LinkLocalIPv6Address", ""},
               {"LinkLocalIPv6PrefixLen", 0},
               {"SandboxID", ""},
               {"SandboxKey", process_path(container, "ns/net")},
               {"SecondaryIPAddresses", nullptr},
               {"SecondaryIPv6Addresses", nullptr}});
  json["Ports"] = published(container);
  for (const auto& [port, protocol] : port_numbers(around.exposed)) {
    const std::string key = port_key(port, protocol);
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
  return list_or_null(set);
}

Json exposed(const ObservedContainer& container, const ContainerSurroundings& around) {
  std::vector<std::string> names;
  for (const auto& [port, protocol] : port_numbers(container, around.exposed))
    names.push_back(port_key(port, protocol));
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
  config["Entrypoint"] = list_or_null(entrypoint);
  config["Cmd"] = std::vector<std::string>(arguments.begin() + static_cast<std::ptrdiff_t>(before),
                                           arguments.end());
}

/// As the file has it, or else the image; how often as it is kept now.
Json healthcheck(const ObservedContainer& container, const Json& wish, const image::Image* image) {
  const auto& policy = container.config.health;
  if (!policy) return nullptr;
  const Json written = wish.value("healthcheck", Json::object());
  Json test = written.value("test", Json(nullptr));
  if (test.is_null() && image != nullptr && image->config.healthcheck)
    test = image->config.healthcheck->test;
  return {{"Test", test},
          {"Interval", policy->interval.count()},
          {"Timeout", policy->timeout.count()},
          {"StartPeriod", policy->start_period.count()},
          {"StartInterval", policy->start_interval.count()},
          {"Retries", policy->retries}};
}

/// Without what nobody wrote: the names of host and terminal, which are added at the start.
std::vector<std::string> environment(const ObservedContainer& container, const Json& wish,
                                     const image::Image* image) {
  std::vector<std::string> kept;
  const Json written = wish.value("environment", Json::object());
  for (const std::string& variable : container.config.spec.process.environment) {
    const std::string name = variable.substr(0, variable.find('='));
    const bool is_ours = name == "HOSTNAME" || name == "TERM" || name == "PATH";
    const bool is_images =
        image != nullptr && std::ranges::any_of(image->config.environment, [&](const auto& each) {
          return each.starts_with(name + "=");
        });
    if (!is_ours || written.contains(name) || is_images) kept.push_back(variable);
  }
  return kept;
}

Labels labels_of(const ObservedContainer& container, const ContainerSurroundings& around,
                 const Json& wish) {
  Labels labels = container_labels(container, around.of_project);
  if (!around.of_project.empty()) labels["com.docker.compose.image"] = wish.value("image_id", "");
  return labels;
}

std::string working_directory(const Json& wish, const image::Image* image) {
  const std::string own = wish.value("working_dir", "");
  const std::string written = own.empty() && image != nullptr ? image->config.working_dir : own;
  return written.empty() ? written : runtime::plain_directory(written);
}

Json config_json(const ObservedContainer& container, const ContainerSurroundings& around,
                 const Json& wish) {
  const auto& config = container.config;
  const auto& process = config.spec.process;
  Json json{{"Hostname", config.spec.hostname},
            {"Domainname", config.spec.domainname},
            {"User", process.user},
            {"Tty", process.terminal},
            {"OpenStdin", process.open_stdin},
            {"StdinOnce", config.by_hand && config.by_hand->stdin_once},
            {"AttachStdin", false},
            {"AttachStdout", true},
            {"AttachStderr", true},
            {"OnBuild", nullptr},
            {"Env", environment(container, wish, around.image)},
            {"ExposedPorts", exposed(container, around)},
            {"Volumes", as_set(around.image == nullptr ? std::vector<std::string>{}
                                                       : around.image->config.volumes)},
            {"Image", image_text(container)},
            {"WorkingDir", working_directory(wish, around.image)},
            {"StopSignal", config.stop.signal},
            {"Labels", labels_of(container, around, wish)}};
  if (wish.contains("stop_grace_period"))
    json["StopTimeout"] = std::chrono::ceil<std::chrono::seconds>(config.stop.grace).count();
  if (Json check = healthcheck(container, wish, around.image); !check.is_null())
    json["Healthcheck"] = std::move(check);
  add_program(container, wish, around.image, json);
  return json;
}

/// They are there while it runs.
std::string etc_path(const ObservedContainer& container, const ContainerSurroundings& around,
                     const char* name) {
  if (container.status.process.pid == 0) return "";
  return (around.files.running(container.config.id) / name).native();
}

Json host_config_of(const ObservedContainer& container, const ContainerSurroundings& around,
                    const Json& wish) {
  Json json = host_config(container, wish);
  json["MaskedPaths"] = list_or_null(around.system_paths.masked);
  json["ReadonlyPaths"] = list_or_null(around.system_paths.read_only);
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
          {"State", state_json(container, around.health_checks)},
          {"Image", wish.value("image_id", "")},
          {"Name", fmt::format("/{}", config.name)},
          {"RestartCount", container.status.restarts},
          {"Driver", "overlay2"},
          {"GraphDriver",
           {{"Name", "overlay2"},
            {"Data",
             {{"LowerDir", fmt::format("{}", fmt::join(config.spec.root.lower, ":"))},
              {"MergedDir", process_path(container, "root")},
              {"UpperDir", around.files.upper(config.id).native()},
              {"WorkDir", around.files.work(config.id).native()}}}}},
          {"Platform", "linux"},
          {"AppArmorProfile", config.spec.security.apparmor},
          {"ExecIDs", nullptr},
          {"HostnamePath", etc_path(container, around, "hostname")},
          {"HostsPath", etc_path(container, around, "hosts")},
          {"ResolvConfPath", etc_path(container, around, "resolv.conf")},
          {"LogPath", ""},
          {"MountLabel", ""},
          {"ProcessLabel", ""},
          {"HostConfig", host_config_of(container, around, wish)},
          {"Mounts", mounts(container)},
          {"Config", config_json(container, around, wish)},
          {"NetworkSettings", network_settings(container, around)}};
}

}  // namespace stack::cli
