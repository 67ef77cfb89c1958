// SPDX-License-Identifier: Apache-2.0
#include "cli/container_host_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "base/format.h"
#include "cli/container_view.h"
#include "cli/docker_json.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using supervisor::ObservedContainer;

/// Without a file: as docker's own command, and not docker compose, would have made it.
bool has_no_file(const ObservedContainer& container) {
  return container.config.by_hand && !supervisor::is_one_off(container.config);
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

/// As asked for: a port that may be any is empty, and what -P has found is not among them.
Json bindings(const ObservedContainer& container) {
  const auto& ports = container.config.ports;
  const auto asked = container.config.wording.ports_before_exposed.value_or(ports.size());
  Json all = Json::object();
  for (const auto& rule : std::span(ports).first(std::min(asked, ports.size())))
    all[port_key(rule.container_port, rule.protocol)].push_back(
        {{"HostIp", rule.host_ip},
         {"HostPort", rule.host_port == 0 ? "" : fmt::format("{}", rule.host_port)}});
  return all;
}

/// "/db:/web/database", as docker names both ends. docker compose says of each network whom a
/// container knows there.
Json links(const ObservedContainer& container) {
  if (!has_no_file(container)) return nullptr;
  Json list = Json::array();
  for (const auto& link : container.config.links)
    list.push_back(fmt::format("/{}:/{}/{}", link.target, container.config.name, link.alias));
  return list_or_null(list);
}

/// As they are kept now; what nobody asked for is docker's nothing.
void add_limits(const runtime::ResourceSpec& limits, Json& config) {
  constexpr double nano = 1e9;
  config["Memory"] = limits.memory_limit.value_or(0);
  config["MemoryReservation"] = limits.memory_reservation.value_or(0);
  // Without a word about swap docker gives as much of it as of memory.
  config["MemorySwap"] =
      limits.memory_swap.value_or(static_cast<std::int64_t>(2 * limits.memory_limit.value_or(0)));
  config["NanoCpus"] = static_cast<std::int64_t>(limits.cpus.value_or(0) * nano);
  config["CpuPeriod"] = limits.cpu_period.value_or(0);
  config["CpuQuota"] = limits.cpu_quota.value_or(0);
  config["CpuShares"] = limits.cpu_shares.value_or(0);
  config["CpusetCpus"] = limits.cpuset;
  config["PidsLimit"] = limits.pids_limit ? Json(*limits.pids_limit) : Json(nullptr);
  config["BlkioWeight"] = limits.block.weight.value_or(0);
  config["CpuRealtimePeriod"] = limits.cpu_rt_period.value_or(0);
  config["CpuRealtimeRuntime"] = limits.cpu_rt_runtime.value_or(0);
  config["MemorySwappiness"] =
      limits.memory_swappiness ? Json(*limits.memory_swappiness) : Json(nullptr);
  config["OomKillDisable"] = limits.oom_kill_disable;
  config["ShmSize"] = limits.shm_size;
}

/// What nobody asked for is an empty list to docker, and nothing to docker compose.
Json list_of(const ObservedContainer& container, Json list) {
  return list.empty() && !has_no_file(container) ? Json(nullptr) : std::move(list);
}

Json block_devices(const std::vector<runtime::DeviceNumber>& devices, const char* what) {
  Json list = Json::array();
  for (const auto& device : devices) list.push_back({{"Path", device.path}, {what, device.value}});
  return list;
}

void add_block_limits(const ObservedContainer& container, Json& json) {
  const runtime::BlockSpec& block = container.config.spec.resources.block;
  const auto add = [&](const char* key, const auto& devices, const char* what) {
    json[key] = list_of(container, block_devices(devices, what));
  };
  add("BlkioWeightDevice", block.weights, "Weight");
  add("BlkioDeviceReadBps", block.read_bps, "Rate");
  add("BlkioDeviceWriteBps", block.write_bps, "Rate");
  add("BlkioDeviceReadIOps", block.read_iops, "Rate");
  add("BlkioDeviceWriteIOps", block.write_iops, "Rate");
}

Json ulimits(const runtime::ProcessSpec& process) {
  Json list = Json::array();
  for (const auto& [name, limit] : process.ulimits)
    list.push_back({{"Name", name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
  return list;
}

Json devices(const runtime::SecuritySpec& security) {
  Json list = Json::array();
  for (const auto& device : security.devices)
    list.push_back({{"PathOnHost", device.source},
                    {"PathInContainer", device.target},
                    {"CgroupPermissions", device.permissions}});
  return list;
}

/// {"seccomp": "unconfined", "no-new-privileges": true} as the list that a person would write.
Json security_in_file(const Json& wish) {
  Json list = Json::array();
  const Json written = wish.value("security_opt", Json::object());
  for (const auto& [name, value] : written.items()) {
    if (value.is_string())
      list.push_back(fmt::format("{}={}", name, value.get<std::string>()));
    else
      list.push_back(fmt::format("{}:{}", name, value.dump()));
  }
  return list;
}

/// docker says of each container that is as good as the host's that nothing labels it.
bool is_unlabelled(const Json& wish, const Json& options) {
  const bool is_labelled = std::ranges::any_of(
      options, [](const Json& each) { return each.get<std::string>().starts_with("label"); });
  return !is_labelled && (wish.value("privileged", Json(false)) == Json(true) ||
                          wish.value("ipc", "") == "host" || wish.value("pid", "") == "host");
}

Json security_options(const ObservedContainer& container, const Json& wish) {
  const auto& told = container.config.wording.security;
  Json list = told.empty() ? security_in_file(wish) : Json(told);
  if (is_unlabelled(wish, list)) list.push_back("label=disable");
  return list_or_null(list);
}

/// "far=1.2.3.4" of compose is "far:1.2.3.4" of docker.
Json extra_hosts(const ObservedContainer& container, const Json& wish) {
  Json list = Json::array();
  for (const auto& entry : wish.value("extra_hosts", Json::array())) {
    std::string text = entry.get<std::string>();
    if (const std::size_t equals = text.find('='); equals != std::string::npos) text[equals] = ':';
    list.push_back(std::move(text));
  }
  return has_no_file(container) ? list_or_null(list) : list;
}

/// "NET_ADMIN" is "CAP_NET_ADMIN" to docker; "ALL" is itself.
Json capabilities(const Json& wish, const char* key) {
  Json list = Json::array();
  for (const auto& entry : wish.value(key, Json::array())) {
    const std::string name = entry.get<std::string>();
    list.push_back(name == "ALL" || name.starts_with("CAP_") ? name : "CAP_" + name);
  }
  return list_or_null(list);
}

Json logging(const Json& wish) {
  const Json written = wish.value("logging", Json::object());
  return {{"Type", written.value("driver", "json-file")},
          {"Config", written.value("options", Json::object())}};
}

const char* host_or(const runtime::NamespaceSpec& space, const char* otherwise) {
  return space.kind == runtime::NamespaceKind::host ? "host" : otherwise;
}

void add_namespaces(const ObservedContainer& container, const Json& wish, Json& json) {
  const auto& spaces = container.config.spec.namespaces;
  json["Cgroup"] = "";
  json["CgroupnsMode"] = host_or(spaces.cgroup, "private");
  json["IpcMode"] = wish.value("ipc", "private");
  json["NetworkMode"] = network_mode(container);
  json["PidMode"] = wish.value("pid", "");
  json["UTSMode"] = host_or(spaces.uts, "");
  json["UsernsMode"] = wish.value("userns_mode", "");
}

/// What only Windows has, or what there is none of here.
void add_nothings(Json& json) {
  json.update({{"ConsoleSize", {0, 0}},
               {"ContainerIDFile", ""},
               {"CpuCount", 0},
               {"CpuPercent", 0},
               {"CpusetMems", ""},
               {"DeviceRequests", nullptr},
               {"IOMaximumBandwidth", 0},
               {"IOMaximumIOps", 0},
               {"Isolation", ""},
               {"Runtime", "stack"},
               {"VolumeDriver", ""},
               {"VolumesFrom", nullptr}});
}

}  // namespace

std::string network_mode(const ObservedContainer& container) {
  const auto& space = container.config.spec.namespaces.network;
  if (space.kind == runtime::NamespaceKind::host) return "host";
  if (space.kind == runtime::NamespaceKind::shared) return "container:" + space.container;
  if (container.config.endpoints.empty()) return "none";
  return container.config.endpoints.front().network;
}

Json host_config(const ObservedContainer& container, const Json& wish, const MountView& mounts) {
  const auto& config = container.config;
  const auto& spec = config.spec;
  Json json{{"AutoRemove", config.by_hand && config.by_hand->removed_at_end},
            {"Binds", mounts.binds()},
            {"CapAdd", capabilities(wish, "cap_add")},
            {"CapDrop", capabilities(wish, "cap_drop")},
            {"CgroupParent", wish.value("cgroup_parent", "")},
            {"DeviceCgroupRules", list_or_null(spec.security.device_rules)},
            {"Devices", list_of(container, devices(spec.security))},
            {"Dns", list_of(container, config.dns.servers)},
            {"DnsOptions", list_of(container, config.dns.options)},
            {"DnsSearch", list_of(container, config.dns.search)},
            {"ExtraHosts", extra_hosts(container, wish)},
            {"GroupAdd", list_or_null(spec.process.groups)},
            {"Links", links(container)},
            {"LogConfig", logging(wish)},
            {"OomScoreAdj", spec.process.oom_score_adj.value_or(0)},
            {"PortBindings", bindings(container)},
            {"PublishAllPorts", config.wording.ports_before_exposed.has_value()},
            {"Privileged", wish.value("privileged", Json(false))},
            {"ReadonlyRootfs", spec.root.writable == runtime::Writable::no},
            {"RestartPolicy",
             {{"Name", restart_name(config.restart.kind)},
              {"MaximumRetryCount", config.restart.max_attempts}}},
            {"SecurityOpt", security_options(container, wish)},
            {"Ulimits", list_of(container, ulimits(spec.process))}};
  add_nothings(json);
  add_namespaces(container, wish, json);
  add_limits(spec.resources, json);
  add_block_limits(container, json);
  for (const auto& [key, name] : {std::pair{"Annotations", "annotations"}, {"Sysctls", "sysctls"}})
    if (wish.contains(name)) json[key] = wish[name];
  if (Json places = mounts.tmpfs(); !places.empty()) json["Tmpfs"] = std::move(places);
  if (Json entries = mounts.entries(); !entries.is_null()) json["Mounts"] = std::move(entries);
  if (wish.contains("init")) json["Init"] = wish["init"];
  return json;
}

}  // namespace stack::cli
