// SPDX-License-Identifier: Apache-2.0
// A wish as JSON. Members are named by compose keys, so that a difference can be traced to a line
// of the file by its path alone. What does not make a container differ (scale, profiles, who else
// has its volumes) stays out; depends_on is kept for `down` without a file, and left out of the
// comparison by diff.
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/ids.h"
#include "orchestrator/desired.h"
#include "spec/decode.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;

std::string duration_text(std::chrono::nanoseconds duration) {
  if (duration.count() % 1'000'000'000 == 0)
    return fmt::format("{}s", duration.count() / 1'000'000'000);
  if (duration.count() % 1'000'000 == 0) return fmt::format("{}ms", duration.count() / 1'000'000);
  return fmt::format("{}ns", duration.count());
}

template <typename Value>
void set(Json& json, const char* key, const std::optional<Value>& value) {
  if (value) json[key] = *value;
}
void set(Json& json, const char* key, const std::optional<std::chrono::nanoseconds>& value) {
  if (value) json[key] = duration_text(*value);
}
void set(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}
void set(Json& json, const char* key, const std::vector<std::string>& value) {
  if (!value.empty()) json[key] = value;
}
void set_flag(Json& json, const char* key, bool value) {
  if (value) json[key] = true;
}

std::string port_text(const spec::Port& port) {
  std::string text = port.host_ip.empty() ? "" : port.host_ip + ":";
  if (port.published) text += fmt::format("{}", *port.published);
  if (is_range(port)) text += fmt::format("-{}", *port.published_last);
  return text + fmt::format("{}{}/{}", text.empty() ? "" : ":", port.target, port.protocol);
}

std::string mount_text(const DesiredMount& desired) {
  const spec::Mount& mount = desired.mount;
  static constexpr const char* types[] = {"volume", "bind", "tmpfs", "image"};
  std::string text = fmt::format("{} {}{}{}", types[static_cast<int>(mount.type)], mount.source,
                                 mount.source.empty() ? "" : ":", mount.target);
  if (!desired.image_id.empty()) text += " " + desired.image_id;
  if (mount.access == spec::Access::read_only) text += " read_only";
  if (!mount.propagation.empty()) text += " " + mount.propagation;
  if (!mount.recursive) text += " non-recursive";
  if (mount.nocopy) text += " nocopy";
  if (!mount.subpath.empty()) text += " subpath=" + mount.subpath;
  if (mount.tmpfs_size) text += fmt::format(" size={}", *mount.tmpfs_size);
  if (mount.tmpfs_mode) text += fmt::format(" mode={:o}", *mount.tmpfs_mode);
  for (const auto& option : mount.tmpfs_options) text += " " + option;
  return text;
}

Json environment(const spec::Environment& variables) {
  Json json = Json::object();
  for (const auto& [key, value] : variables) json[key] = value ? Json(*value) : Json(nullptr);
  return json;
}

Json networks(const DesiredContainer& container) {
  Json json = Json::object();
  for (const auto& [key, attachment] : container.model.networks) {
    Json& entry = json[key] = Json::object();
    entry["name"] = container.network_names.at(key);
    set(entry, "aliases", attachment.aliases);
    set(entry, "ipv4_address", attachment.ipv4_address);
    set(entry, "ipv6_address", attachment.ipv6_address);
    set(entry, "link_local_ips", attachment.link_local_ips);
    set(entry, "mac_address", attachment.mac_address);
    set(entry, "interface_name", attachment.interface_name);
    if (attachment.priority != 0) entry["priority"] = attachment.priority;
    if (attachment.gw_priority != 0) entry["gw_priority"] = attachment.gw_priority;
    if (!attachment.driver_opts.empty()) entry["driver_opts"] = attachment.driver_opts;
  }
  return json;
}

Json subnet(const spec::SubnetConfig& config) {
  Json json = Json::object();
  set(json, "subnet", config.subnet);
  set(json, "ip_range", config.ip_range);
  set(json, "gateway", config.gateway);
  if (!config.aux_addresses.empty()) json["aux_addresses"] = config.aux_addresses;
  return json;
}

Json healthcheck(const spec::Healthcheck& check) {
  Json json = Json::object();
  set(json, "test", check.test);
  set(json, "interval", check.interval);
  set(json, "timeout", check.timeout);
  set(json, "start_period", check.start_period);
  set(json, "start_interval", check.start_interval);
  set(json, "retries", check.retries);
  set_flag(json, "disable", check.disable);
  return json;
}

Json mounts(const DesiredContainer& container, const char* kind) {
  Json json = Json::array();
  const bool inherited = std::string_view(kind) == "volumes_from";
  for (const auto& mount : container.mounts) {
    if (mount.inherited_from.empty() == inherited) continue;
    json.push_back((inherited ? mount.inherited_from + ": " : "") + mount_text(mount));
  }
  return json;
}

Json logging(const spec::Logging& wanted) {
  Json json = Json::object();
  set(json, "driver", wanted.driver);
  if (!wanted.options.empty()) json["options"] = wanted.options;
  return json;
}

std::string restart_text(const spec::RestartPolicy& policy) {
  static constexpr const char* kinds[] = {"no", "always", "on-failure", "unless-stopped"};
  std::string text = kinds[static_cast<int>(policy.kind)];
  if (policy.max_attempts > 0) text += fmt::format(":{}", policy.max_attempts);
  if (policy.delay.count() != 0) text += " delay=" + duration_text(policy.delay);
  if (policy.window.count() != 0) text += " window=" + duration_text(policy.window);
  return text;
}

/// Texts, numbers, truths and lists of text: the tables of spec know them.
void add_plain_values(Json& json, const spec::Service& service) {
  for (auto& [key, value] : spec::plain_values(service))
    std::visit([&](auto& plain) { json[std::string(key)] = std::move(plain); }, value);
}

void add_life(Json& json, const spec::Service& service) {
  if (!service.environment.empty()) json["environment"] = environment(service.environment);
  set(json, "cap_add", service.cap_add);
  set(json, "cap_drop", service.cap_drop);
  if (service.healthcheck) json["healthcheck"] = healthcheck(*service.healthcheck);
  if (service.restart != spec::RestartPolicy{}) json["restart"] = restart_text(service.restart);
  set(json, "stop_signal", service.stop_signal);
  if (service.logging != spec::Logging{}) json["logging"] = logging(service.logging);
  if (!service.labels.empty()) json["labels"] = service.labels;
  if (!service.depends_on.empty()) {
    for (const auto& [name, how] : service.depends_on) json["depends_on"].push_back(name);
    for (const auto& [name, how] : service.depends_on)
      set_flag(json, fmt::format("depends_on.{}.restart", name).c_str(), how.restart);
  }
}

Json limits(const std::map<std::string, spec::Ulimit>& ulimits) {
  Json json = Json::object();
  for (const auto& [name, limit] : ulimits)
    json[name] = limit.soft == limit.hard ? Json(limit.soft)
                                          : Json(fmt::format("{}:{}", limit.soft, limit.hard));
  return json;
}

Json rates(const std::vector<spec::BlockRate>& rates) {
  Json json = Json::object();
  for (const auto& rate : rates) json[rate.path] = rate.value;
  return json;
}

Json block_limits(const spec::BlockLimits& block) {
  Json json = Json::object();
  if (block.weight) json["weight"] = *block.weight;
  const std::pair<const char*, const std::vector<spec::BlockRate>*> lists[] = {
      {"weight_device", &block.weight_device},
      {"device_read_bps", &block.read_bps},
      {"device_write_bps", &block.write_bps},
      {"device_read_iops", &block.read_iops},
      {"device_write_iops", &block.write_iops}};
  for (const auto& [key, list] : lists)
    if (!list->empty()) json[key] = rates(*list);
  return json;
}

Json devices(const spec::Service& service) {
  Json json = Json::array();
  for (const auto& device : service.devices)
    json.push_back(device.target.empty()
                       ? device.source
                       : fmt::format("{}:{}:{}", device.source, device.target, device.permissions));
  return json;
}

Json gpus(const std::vector<spec::DeviceRequest>& requests) {
  Json json = Json::array();
  for (const auto& request : requests) {
    Json entry = Json::object();
    set(entry, "driver", request.driver);
    set(entry, "count", request.count);
    set(entry, "device_ids", request.device_ids);
    set(entry, "capabilities", request.capabilities);
    if (!request.options.empty()) entry["options"] = request.options;
    json.push_back(std::move(entry));
  }
  return json;
}

std::string node_text(const runtime::DeviceSpec& node) {
  std::string text = fmt::format("{}:{}:{}", node.source, node.target, node.permissions);
  if (node.identity)
    text +=
        fmt::format(" {} {}:{}", node.identity->type, node.identity->major, node.identity->minor);
  if (node.mode) text += fmt::format(" mode={:o}", *node.mode);
  if (node.uid) text += fmt::format(" uid={}", *node.uid);
  if (node.gid) text += fmt::format(" gid={}", *node.gid);
  return text;
}

std::string granted_mount_text(const runtime::MountSpec& mount) {
  std::string text = mount.kind == runtime::MountKind::tmpfs ? "tmpfs" : mount.source;
  text += ":" + mount.target;
  if (mount.writable == runtime::Writable::no) text += " read_only";
  if (!mount.recursive) text += " non-recursive";
  if (mount.propagation != "rprivate") text += " " + mount.propagation;
  for (const auto& option : mount.options) text += " " + option;
  return text;
}

std::string host_hook_text(const runtime::HostHook& hook) {
  return fmt::format("{} {} {} {}", hook.path, fmt::join(hook.arguments, " "),
                     fmt::join(hook.environment, " "), hook.timeout);
}

/// What the specifications say of devices that have names: by name, so that another word of a
/// vendor's makes another container.
Json granted(const DesiredContainer& container, bool of_gpus) {
  Json json = Json::object();
  for (const CdiGrant& grant : container.devices) {
    if (grant.place.starts_with("devices.") == of_gpus) continue;
    Json& entry = json[grant.name] = Json::object();
    set(entry, "env", grant.edits.environment);
    for (const auto& node : grant.edits.nodes) entry["deviceNodes"].push_back(node_text(node));
    for (const auto& mount : grant.edits.mounts)
      entry["mounts"].push_back(granted_mount_text(mount));
    for (const auto& hook : grant.edits.hooks) entry["hooks"].push_back(host_hook_text(hook));
    set(entry, "additionalGids", grant.edits.groups);
  }
  return json;
}

/// In the words of the file.
Json readiness(const spec::Readiness& ready) {
  using Kind = spec::Readiness::Kind;
  Json json = Json::object();
  switch (ready.kind) {
    case Kind::listening:
      json[ready.port == 0 ? "auto" : "tcp"] = ready.port == 0 ? Json(true) : Json(ready.port);
      break;
    case Kind::unix_socket:
      json["unix"] = ready.path;
      break;
    case Kind::http:
      json["http"] = {{"host", ready.host}, {"port", ready.port}, {"path", ready.path}};
      if (ready.status != 0) json["http"]["status"] = ready.status;
      break;
    case Kind::log:
      json["log"] = ready.pattern;
      if (ready.count != 1) json["count"] = ready.count;
      break;
    case Kind::file:
      json["file"] = ready.path;
      break;
    case Kind::exec:
      json["exec"] = ready.command;
      break;
    case Kind::notify:
      json["notify"] = true;
      break;
  }
  if (ready.timeout) json["timeout"] = duration_text(*ready.timeout);
  return json;
}

Json hook(const spec::Hook& hook) {
  Json json{{"command", hook.command}};
  set(json, "user", hook.user);
  set(json, "working_dir", hook.working_dir);
  set_flag(json, "privileged", hook.privileged);
  if (!hook.environment.empty()) json["environment"] = environment(hook.environment);
  return json;
}

Json hooks(const std::vector<spec::Hook>& hooks) {
  Json json = Json::array();
  for (const auto& each : hooks) json.push_back(hook(each));
  return json;
}

/// Another way to prepare a service makes other containers of it.
Json steps(const DesiredContainer& container) {
  Json json = Json::array();
  for (std::size_t i = 0; i < container.model.pre_start.size(); ++i) {
    const spec::PreStart& step = container.model.pre_start[i];
    Json& entry = json.emplace_back(hook(step.run));
    set(entry, "image", step.image);
    set(entry, "image_id", container.step_images[i]);
    set_flag(entry, "per_replica", step.per_replica);
  }
  return json;
}

/// The text of a config or secret by its hash alone.
Json files(const DesiredContainer& container, Confidential confidential) {
  Json json = Json::array();
  for (const DesiredFile& file : container.files) {
    if (file.confidential != confidential) continue;
    json.push_back(fmt::format("{}:{} {}:{} {:o} {}{}", file.key, file.target, file.uid, file.gid,
                               file.mode, file.path,
                               file.path.empty() ? file.hash : " " + file.hash));
  }
  return json;
}

Json security(const DesiredContainer& container) {
  const spec::SecurityOptions& options = container.model.security;
  Json json = Json::object();
  set_flag(json, "no-new-privileges", options.no_new_privileges);
  set_flag(json, "writable-cgroups", options.writable_cgroups);
  set_flag(json, "systempaths", options.system_paths_unconfined);
  set(json, "apparmor", options.apparmor);
  set(json, "seccomp", options.seccomp);
  if (!container.seccomp.empty()) json["seccomp_text"] = stable_hex(container.seccomp, 16);
  return json;
}

void set_branch(Json& json, const char* key, Json value) {
  if (!value.empty()) json[key] = std::move(value);
}

void add_limits(Json& json, const DesiredContainer& container) {
  const spec::Service& service = container.model;
  set_branch(json, "ulimits", limits(service.ulimits));
  set_branch(json, "blkio_config", block_limits(service.blkio_config));
  if (!service.sysctls.empty()) json["sysctls"] = service.sysctls;
  if (!service.annotations.empty()) json["annotations"] = service.annotations;
  set_branch(json, "devices", devices(service));
  set_branch(json, "gpus", gpus(service.device_requests));
  set_branch(json, "devices.cdi", granted(container, false));
  set_branch(json, "gpus.cdi", granted(container, true));
  set_branch(json, "security_opt", security(container));
  set_branch(json, "configs", files(container, Confidential::no));
  set_branch(json, "secrets", files(container, Confidential::yes));
  set_branch(json, "post_start", hooks(service.post_start));
  set_branch(json, "pre_stop", hooks(service.pre_stop));
  set_branch(json, "pre_start", steps(container));
  if (service.storage_size) json["storage_opt.size"] = *service.storage_size;
  set_flag(json, "x-stack.idmap", service.idmap_owner);
  set_flag(json, "x-stack.restart_unhealthy", service.restart_unhealthy);
  set_flag(json, "x-stack.anonymous", service.keeps_anonymous);
  if (service.ready) json["x-stack.ready"] = readiness(*service.ready);
}

void add_connections(Json& json, const DesiredContainer& container) {
  const spec::Service& service = container.model;
  if (!service.networks.empty()) json["networks"] = networks(container);
  if (service.virtual_address) json["deploy"]["endpoint_mode"] = "vip";
  for (const auto& port : service.ports) json["ports"].push_back(port_text(port));
  for (const auto& link : service.links) json["links"].push_back(link.service + ":" + link.alias);
  for (const auto& link : service.external_links)
    json["external_links"].push_back(link.service + ":" + link.alias);
  set(json, "extra_hosts", service.extra_hosts);
  set(json, "dns", service.dns);
  set(json, "dns_search", service.dns_search);
  set(json, "dns_opt", service.dns_opt);
  for (const char* kind : {"volumes", "volumes_from"}) {
    Json list = mounts(container, kind);
    if (!list.empty()) json[kind] = std::move(list);
  }
}

}  // namespace

std::string describe(const DesiredContainer& container) {
  Json json{{"image_id", container.image_id}};
  add_plain_values(json, container.model);
  add_connections(json, container);
  add_life(json, container.model);
  add_limits(json, container);
  set(json, "step", container.step);
  return json.dump();
}

std::string describe(const DesiredNetwork& network) {
  const spec::Network& model = network.model;
  Json json{{"key", network.key}};
  if (model.driver != "bridge" && model.driver != "default") set(json, "driver", model.driver);
  if (!model.driver_opts.empty()) json["driver_opts"] = model.driver_opts;
  for (const auto& config : model.ipam) json["ipam"]["config"].push_back(subnet(config));
  set_flag(json, "internal", model.internal);
  set_flag(json, "shared", model.shared);
  if (!model.enable_ipv4) json["enable_ipv4"] = false;
  set_flag(json, "enable_ipv6", model.enable_ipv6);
  if (!model.labels.empty()) json["labels"] = model.labels;
  return json.dump();
}

}  // namespace stack::orchestrator
