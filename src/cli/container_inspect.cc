// SPDX-License-Identifier: Apache-2.0
#include "cli/container_inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/container_host_config.h"
#include "cli/container_labels.h"
#include "cli/container_mounts.h"
#include "cli/container_view.h"
#include "cli/docker_json.h"
#include "cli/network_view.h"
#include "image/image_document.h"
#include "orchestrator/command_words.h"
#include "runtime/cgroup_stats.h"
#include "runtime/working_directory.h"
#include "supervisor/endpoint_plan.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using supervisor::ObservedContainer;
using supervisor::Phase;
using Texts = std::vector<std::string>;

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

const orchestrator::HostNetwork* find_network(const ContainerSurroundings& around,
                                              const std::string& name) {
  const auto found = std::ranges::find(around.networks, name, &orchestrator::HostNetwork::name);
  return found == around.networks.end() ? nullptr : &*found;
}

Json fixed_addresses(const supervisor::Endpoint& endpoint) {
  Json fixed = Json::object();
  if (endpoint.address) fixed["IPv4Address"] = network::to_text(*endpoint.address);
  if (endpoint.address6) fixed["IPv6Address"] = network::to_text(*endpoint.address6);
  for (const auto address : endpoint.link_local)
    fixed["LinkLocalIPs"].push_back(network::to_text(address));
  for (const auto address : endpoint.link_local6)
    fixed["LinkLocalIPs"].push_back(network::to_text(address));
  return fixed;
}

/// As they are written.
Json endpoint_options(const supervisor::Endpoint& endpoint) {
  Json options;
  if (!endpoint.interface.empty())
    options["com.docker.network.endpoint.ifname"] = endpoint.interface;
  Texts sysctls;
  for (const auto& [name, value] : endpoint.sysctls) sysctls.push_back(name + "=" + value);
  if (!sysctls.empty()) options["com.docker.network.endpoint.sysctls"] = join(sysctls, ",");
  return options;
}

/// "shop-db-1:database", and the names that docker compose gives whom a file links to.
Texts links_of_file(const ObservedContainer& container, const ContainerSurroundings& around) {
  const std::string& project = around.files.project;
  Texts links;
  for (const auto& [alias, target] : container.config.links) {
    const auto service = around.services.find(target);
    if (service == around.services.end()) links.push_back(target + ":" + alias);
    if (service == around.services.end()) continue;
    const std::string numbered = fmt::format("{}-{}", target, container.config.number);
    for (const std::string& name : service->second)
      for (const std::string& known : {alias, numbered, project + "-" + numbered})
        links.push_back(name + ":" + known);
  }
  return links;
}

/// In that network.
Json links_of(const ObservedContainer& container, const supervisor::Endpoint& endpoint,
              const ContainerSurroundings& around) {
  const bool is_of_file = !around.of_project.empty() && !endpoint.network.empty();
  Texts links = is_of_file ? links_of_file(container, around) : Texts{};
  for (const auto& link : endpoint.links) links.push_back(link.target + ":" + link.alias);
  return list_or_null(links);
}

void add_once(const std::string& name, std::vector<std::string>& names) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// What it was to be called beside what every container is: its name, where no file says so, and
/// the beginning of its id, and its host's.
std::vector<std::string> aliases(const ObservedContainer& container,
                                 const supervisor::Endpoint& endpoint, bool is_lone) {
  std::vector<std::string> names;
  const auto& config = container.config;
  for (const auto& name : endpoint.aliases) {
    const bool is_hostname = name == config.spec.hostname && name != config.service;
    if (name != short_id(config.id) && !is_hostname && !(is_lone && name == config.name))
      add_once(name, names);
  }
  return names;
}

/// All names, its own first, those of its id and of its host last.
std::vector<std::string> dns_names(const ObservedContainer& container,
                                   const supervisor::Endpoint& endpoint) {
  std::vector<std::string> names{container.config.name};
  for (const auto& name : aliases(container, endpoint, true)) add_once(name, names);
  add_once(short_id(container.config.id), names);
  if (!container.config.spec.hostname.empty()) add_once(container.config.spec.hostname, names);
  return names;
}

bool has_process(const ObservedContainer& container) {
  return container.status.process.pid != 0;
}

/// docker's default network knows no names but by links.
bool is_default_network(const supervisor::Endpoint& endpoint) {
  return endpoint.network == "bridge";
}

Json seat(const ObservedContainer& container, const supervisor::Endpoint& endpoint,
          const ContainerSurroundings& around) {
  const bool is_lone = around.of_project.empty();
  const auto names = is_default_network(endpoint) ? Texts{} : aliases(container, endpoint, is_lone);
  Json entry{{"Aliases", list_or_null(names)},
             {"DNSNames", nullptr},
             {"DriverOpts", endpoint_options(endpoint)},
             {"EndpointID", ""},
             {"Gateway", ""},
             {"GlobalIPv6Address", ""},
             {"GlobalIPv6PrefixLen", 0},
             {"GwPriority", endpoint.gw_priority},
             {"IPAMConfig", nullptr},
             {"IPAddress", ""},
             {"IPPrefixLen", 0},
             {"IPv6Gateway", ""},
             {"Links", links_of(container, endpoint, around)},
             {"MacAddress", ""},
             {"NetworkID", ""}};
  const auto* const network = find_network(around, endpoint.network);
  if (network != nullptr) entry["NetworkID"] = network->id;
  // docker compose always says something of the networks of its file.
  const bool is_of_file = !is_lone && !endpoint.network.empty() && !is_default_network(endpoint);
  if (Json fixed = fixed_addresses(endpoint); !fixed.empty() || is_of_file)
    entry["IPAMConfig"] = std::move(fixed);
  const auto leased = container.status.addresses.find(endpoint.network);
  if (leased == container.status.addresses.end()) return entry;
  if (!is_default_network(endpoint) && !endpoint.aliases.empty())
    entry["DNSNames"] = dns_names(container, endpoint);
  // Its addresses are kept for it; to docker one that does not run has none.
  if (!has_process(container)) return entry;
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
    if (has_process(container) && !endpoints.empty() && !json["Ports"].contains(key))
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

std::optional<Texts> written_texts(const Json& wish, const char* key) {
  if (!wish.contains(key)) return std::nullopt;
  return wish[key].get<Texts>();
}

/// docker tells an entrypoint that was taken away from one that there never was.
void add_program(const Json& wish, const image::Image& image, Json& config) {
  const auto entrypoint = written_texts(wish, "entrypoint");
  const auto command = written_texts(wish, "command");
  const auto program = orchestrator::command_words(entrypoint, command, image.config);
  config["Entrypoint"] =
      entrypoint && entrypoint->empty() ? Json::array() : list_or_null(program.entrypoint);
  config["Cmd"] =
      command && program.command.empty() ? Json::array() : list_or_null(program.command);
}

/// Without its image nobody knows any more which of its words are the entrypoint's.
void add_words(const ObservedContainer& container, Json& config) {
  config["Entrypoint"] = nullptr;
  config["Cmd"] = container.config.spec.process.arguments;
}

/// What was said of it, by the file or else by the image: docker adds its own numbers at the run.
Json healthcheck(const ObservedContainer& container, const Json& wish, const image::Image* image) {
  const auto& policy = container.config.health;
  if (!policy) return nullptr;
  const Json written = wish.value("healthcheck", Json::object());
  const auto of_image = image == nullptr || !image->config.healthcheck ? image::ImageHealthcheck{}
                                                                       : *image->config.healthcheck;
  Json check{{"Test", written.contains("test") ? written["test"] : Json(of_image.test)}};
  const auto add = [&](const char* key, const char* name, bool is_images, const auto& value) {
    if (written.contains(name) || is_images) check[key] = value;
  };
  add("Interval", "interval", of_image.interval.count() != 0, policy->interval.count());
  add("Timeout", "timeout", of_image.timeout.count() != 0, policy->timeout.count());
  add("StartPeriod", "start_period", of_image.start_period.count() != 0,
      policy->start_period.count());
  add("StartInterval", "start_interval", of_image.start_interval.count() != 0,
      policy->start_interval.count());
  add("Retries", "retries", of_image.retries != 0, policy->retries);
  return check;
}

/// docker's order: what was said for this container, then the image's as they stand there.
std::size_t env_rank(const std::string& name, const Json& written, const image::Image* image) {
  if (written.contains(name) || image == nullptr) return 0;
  const auto& of_image = image->config.environment;
  const auto place = std::ranges::find_if(
      of_image, [&](const auto& each) { return each.starts_with(name + "="); });
  return 1 + static_cast<std::size_t>(place - of_image.begin());
}

/// Without what nobody wrote: the names of host and terminal, which are added at the start.
std::vector<std::string> environment(const ObservedContainer& container, const Json& wish,
                                     const image::Image* image) {
  Texts kept;
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
  std::ranges::stable_sort(kept, {}, [&](const std::string& variable) {
    return env_rank(variable.substr(0, variable.find('=')), written, image);
  });
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

/// As it was written; empty when nobody chose one.
std::string stop_signal(const Json& wish, const image::Image* image) {
  const std::string own = wish.value("stop_signal", "");
  return own.empty() && image != nullptr ? image->config.stop_signal : own;
}

/// The one that was said for the container: docker has it beside those of its networks.
std::string mac_address(const ObservedContainer& container, const Json& wish) {
  const std::string of_command = container.config.wording.mac_address;
  return of_command.empty() ? wish.value("mac_address", "") : of_command;
}

Json config_json(const ObservedContainer& container, const ContainerSurroundings& around,
                 const Json& wish, const MountView& mounts) {
  const auto& config = container.config;
  const auto& process = config.spec.process;
  Json json{{"Hostname", config.spec.hostname},
            {"Domainname", config.spec.domainname},
            {"User", process.user},
            {"Tty", process.terminal},
            {"OpenStdin", process.open_stdin},
            {"StdinOnce", config.by_hand && config.by_hand->stdin_once},
            {"AttachStdin", false},
            {"AttachStdout", !config.wording.detached},
            {"AttachStderr", !config.wording.detached},
            {"OnBuild", nullptr},
            {"Env", environment(container, wish, around.image)},
            {"ExposedPorts", exposed(container, around)},
            {"Volumes", as_set(mounts.volume_places())},
            {"Image", image_text(container)},
            {"WorkingDir", working_directory(wish, around.image)},
            {"Labels", labels_of(container, around, wish)}};
  if (const auto signal = stop_signal(wish, around.image); !signal.empty())
    json["StopSignal"] = signal;
  if (const auto address = mac_address(container, wish); !address.empty())
    json["MacAddress"] = address;
  if (wish.contains("stop_grace_period"))
    json["StopTimeout"] = std::chrono::ceil<std::chrono::seconds>(config.stop.grace).count();
  if (Json check = healthcheck(container, wish, around.image); !check.is_null())
    json["Healthcheck"] = std::move(check);
  if (around.image != nullptr)
    add_program(wish, *around.image, json);
  else
    add_words(container, json);
  return json;
}

/// They are there while it runs.
std::string etc_path(const ObservedContainer& container, const ContainerSurroundings& around,
                     const char* name) {
  if (container.status.process.pid == 0) return "";
  return (around.files.running(container.config.id) / name).native();
}

Json host_config_of(const ObservedContainer& container, const ContainerSurroundings& around,
                    const Json& wish, const MountView& mounts) {
  Json json = host_config(container, wish, mounts);
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
  const Texts of_image = around.image == nullptr ? Texts{} : around.image->config.volumes;
  const MountView mounts{container, wish, of_image};
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
          {"HostConfig", host_config_of(container, around, wish, mounts)},
          {"Mounts", mounts.all()},
          {"Config", config_json(container, around, wish, mounts)},
          {"NetworkSettings", network_settings(container, around)}};
}

}  // namespace stack::cli
