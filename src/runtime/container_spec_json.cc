// SPDX-License-Identifier: Apache-2.0
#include "runtime/container_spec_json.h"

#include <concepts>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace stack {

// Found by their argument's namespace.
static void to_json(nlohmann::json& object, const IdBlock& ids) {
  object = {{"first_uid", ids.first_uid}, {"first_gid", ids.first_gid}, {"count", ids.count}};
}

static void from_json(const nlohmann::json& object, IdBlock& ids) {
  object.at("first_uid").get_to(ids.first_uid);
  object.at("first_gid").get_to(ids.first_gid);
  object.at("count").get_to(ids.count);
}

}  // namespace stack

namespace stack::runtime {
namespace {

using nlohmann::json;

/// An absent optional is an absent member.
template <typename T>
void put(json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

template <typename T>
void get(const json& object, const char* key, std::optional<T>& value) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) {
    value.reset();
  } else {
    value = at->get<T>();
  }
}

/// What is as by default is left out: most containers ask for little.
template <typename T>
void put(json& object, const char* key, const T& value, const T& usual = {}) {
  if (!(value == usual)) object[key] = value;
}

/// A member that may be absent keeps its default.
template <typename T>
void get(const json& object, const char* key, T& value) {
  const auto at = object.find(key);
  if (at != object.end()) at->get_to(value);
}

void get(const json& object, const char* key, Writable& value) {
  bool writable = value == Writable::yes;
  get(object, key, writable);
  value = writable ? Writable::yes : Writable::no;
}

bool is_writable(Writable value) {
  return value == Writable::yes;
}

/// A const or a changeable one: the members that may be left out of a struct stand in one list for
/// both directions.
template <typename Spec, typename Struct>
concept Of = std::same_as<std::remove_const_t<Spec>, Struct>;

/// Visits a member by writing it.
struct Put {
  json& object;
  template <typename T>
  void operator()(const char* key, const T& value) const {
    put(object, key, value);
  }
};

/// Visits a member by reading it.
struct Get {
  const json& object;
  template <typename T>
  void operator()(const char* key, T& value) const {
    get(object, key, value);
  }
};

}  // namespace

NLOHMANN_JSON_SERIALIZE_ENUM(MountKind, {{MountKind::bind, "bind"},
                                         {MountKind::tmpfs, "tmpfs"},
                                         {MountKind::image, "image"},
                                         {MountKind::file_system, "file_system"}})
NLOHMANN_JSON_SERIALIZE_ENUM(NamespaceKind, {{NamespaceKind::own, "own"},
                                             {NamespaceKind::host, "host"},
                                             {NamespaceKind::shared, "shared"},
                                             {NamespaceKind::none, "none"}})

static void to_json(json& object, const MountSpec& mount) {
  object = {{"kind", mount.kind},
            {"source", mount.source},
            {"subpath", mount.subpath},
            {"target", mount.target},
            {"writable", is_writable(mount.writable)},
            {"propagation", mount.propagation},
            {"recursive", mount.recursive},
            {"options", mount.options}};
  put(object, "owner_mapped", mount.owner_mapped);
  put(object, "layers", mount.layers);
  put(object, "container_ids", mount.container_ids);
  put(object, "volume", mount.volume);
  put(object, "type", mount.type);
  put(object, "is_one_instance", mount.is_one_instance);
}

static void from_json(const json& object, MountSpec& mount) {
  object.at("kind").get_to(mount.kind);
  object.at("target").get_to(mount.target);
  get(object, "source", mount.source);
  get(object, "subpath", mount.subpath);
  get(object, "writable", mount.writable);
  get(object, "propagation", mount.propagation);
  get(object, "recursive", mount.recursive);
  get(object, "options", mount.options);
  get(object, "owner_mapped", mount.owner_mapped);
  get(object, "layers", mount.layers);
  get(object, "container_ids", mount.container_ids);
  get(object, "volume", mount.volume);
  get(object, "type", mount.type);
  get(object, "is_one_instance", mount.is_one_instance);
}

static void to_json(json& object, const RootSpec& root) {
  object = {{"lower", root.lower},
            {"upper", root.upper},
            {"work", root.work},
            {"writable", is_writable(root.writable)}};
  put(object, "size", root.size);
}

static void from_json(const json& object, RootSpec& root) {
  object.at("lower").get_to(root.lower);
  get(object, "upper", root.upper);
  get(object, "work", root.work);
  get(object, "writable", root.writable);
  get(object, "size", root.size);
}

static void to_json(json& object, const UlimitSpec& limit) {
  object = {{"soft", limit.soft}, {"hard", limit.hard}};
}

static void from_json(const json& object, UlimitSpec& limit) {
  object.at("soft").get_to(limit.soft);
  object.at("hard").get_to(limit.hard);
}

static void to_json(json& object, const FileSpec& file) {
  object = {{"target", file.target}, {"uid", file.uid}, {"gid", file.gid}, {"mode", file.mode}};
  put(object, "source", file.source);
  put(object, "secret", file.secret);
  if (!file.secret) put(object, "content", file.content);
}

static void from_json(const json& object, FileSpec& file) {
  object.at("target").get_to(file.target);
  get(object, "uid", file.uid);
  get(object, "gid", file.gid);
  get(object, "mode", file.mode);
  get(object, "source", file.source);
  get(object, "secret", file.secret);
  get(object, "content", file.content);
}

void to_json(json& object, const ProcessSpec& process) {
  object = {{"arguments", process.arguments},
            {"environment", process.environment},
            {"working_directory", process.working_directory},
            {"user", process.user},
            {"init", process.init},
            {"terminal", process.terminal},
            {"open_stdin", process.open_stdin}};
  put(object, "groups", process.groups);
  put(object, "ulimits", process.ulimits);
  put(object, "oom_score_adj", process.oom_score_adj);
}

void from_json(const json& object, ProcessSpec& process) {
  object.at("arguments").get_to(process.arguments);
  get(object, "environment", process.environment);
  get(object, "working_directory", process.working_directory);
  get(object, "user", process.user);
  get(object, "init", process.init);
  get(object, "terminal", process.terminal);
  get(object, "open_stdin", process.open_stdin);
  get(object, "groups", process.groups);
  get(object, "ulimits", process.ulimits);
  get(object, "oom_score_adj", process.oom_score_adj);
}

static void to_json(json& object, const DeviceNumber& number) {
  object = {{"path", number.path}, {"value", number.value}};
}

static void from_json(const json& object, DeviceNumber& number) {
  object.at("path").get_to(number.path);
  object.at("value").get_to(number.value);
}

template <Of<BlockSpec> Spec, typename Visit>
static void each_optional(Spec& block, const Visit& visit) {
  visit("weight", block.weight);
  visit("weights", block.weights);
  visit("read_bps", block.read_bps);
  visit("write_bps", block.write_bps);
  visit("read_iops", block.read_iops);
  visit("write_iops", block.write_iops);
}

static void to_json(json& object, const BlockSpec& block) {
  object = json::object();
  each_optional(block, Put{object});
}

static void from_json(const json& object, BlockSpec& block) {
  each_optional(block, Get{object});
}

template <Of<ResourceSpec> Spec, typename Visit>
static void each_optional(Spec& resources, const Visit& visit) {
  visit("memory_limit", resources.memory_limit);
  visit("memory_reservation", resources.memory_reservation);
  visit("memory_swap", resources.memory_swap);
  visit("memory_swappiness", resources.memory_swappiness);
  visit("oom_kill_disable", resources.oom_kill_disable);
  visit("cpus", resources.cpus);
  visit("cpu_shares", resources.cpu_shares);
  visit("cpu_period", resources.cpu_period);
  visit("cpu_quota", resources.cpu_quota);
  visit("cpu_rt_period", resources.cpu_rt_period);
  visit("cpu_rt_runtime", resources.cpu_rt_runtime);
  visit("cpuset", resources.cpuset);
  visit("pids_limit", resources.pids_limit);
  visit("block", resources.block);
}

static void to_json(json& object, const ResourceSpec& resources) {
  object = {{"shm_size", resources.shm_size}};
  each_optional(resources, Put{object});
}

static void from_json(const json& object, ResourceSpec& resources) {
  get(object, "shm_size", resources.shm_size);
  each_optional(resources, Get{object});
}

static void to_json(json& object, const DeviceIdentity& identity) {
  object = {{"type", std::string(1, identity.type)},
            {"major", identity.major},
            {"minor", identity.minor}};
}

static void from_json(const json& object, DeviceIdentity& identity) {
  identity.type = object.at("type").get<std::string>().at(0);
  object.at("major").get_to(identity.major);
  object.at("minor").get_to(identity.minor);
}

template <Of<DeviceSpec> Spec, typename Visit>
static void each_optional(Spec& device, const Visit& visit) {
  visit("identity", device.identity);
  visit("mode", device.mode);
  visit("uid", device.uid);
  visit("gid", device.gid);
}

static void to_json(json& object, const DeviceSpec& device) {
  object = {
      {"source", device.source}, {"target", device.target}, {"permissions", device.permissions}};
  each_optional(device, Put{object});
}

static void from_json(const json& object, DeviceSpec& device) {
  object.at("source").get_to(device.source);
  object.at("target").get_to(device.target);
  object.at("permissions").get_to(device.permissions);
  each_optional(device, Get{object});
}

template <Of<SecuritySpec> Spec, typename Visit>
static void each_optional(Spec& security, const Visit& visit) {
  visit("no_new_privileges", security.no_new_privileges);
  visit("seccomp", security.seccomp);
  visit("apparmor", security.apparmor);
  visit("writable_cgroups", security.writable_cgroups);
  visit("system_paths_unconfined", security.system_paths_unconfined);
  visit("devices", security.devices);
  visit("device_rules", security.device_rules);
}

static void to_json(json& object, const SecuritySpec& security) {
  object = {{"capabilities", security.capabilities}, {"privileged", security.privileged}};
  each_optional(security, Put{object});
}

static void from_json(const json& object, SecuritySpec& security) {
  object.at("capabilities").get_to(security.capabilities);
  get(object, "privileged", security.privileged);
  each_optional(security, Get{object});
}

static void to_json(json& object, const NamespaceSpec& space) {
  object = {{"kind", space.kind}};
  put(object, "container", space.container);
}

static void from_json(const json& object, NamespaceSpec& space) {
  object.at("kind").get_to(space.kind);
  get(object, "container", space.container);
}

template <Of<NamespacesSpec> Spec, typename Visit>
static void each_optional(Spec& spaces, const Visit& visit) {
  visit("network", spaces.network);
  visit("pid", spaces.pid);
  visit("ipc", spaces.ipc);
  visit("uts", spaces.uts);
  visit("cgroup", spaces.cgroup);
}

static void to_json(json& object, const NamespacesSpec& spaces) {
  object = json::object();
  each_optional(spaces, Put{object});
  put(object, "user", spaces.user, NamespacesSpec{}.user);
}

static void from_json(const json& object, NamespacesSpec& spaces) {
  each_optional(spaces, Get{object});
  get(object, "user", spaces.user);
}

static void to_json(json& object, const EtcFiles& etc) {
  object = {{"hosts", etc.hosts},
            {"resolv_conf", etc.resolv_conf},
            {"hostname", etc.hostname},
            {"over_links", etc.over_links}};
}

static void from_json(const json& object, EtcFiles& etc) {
  get(object, "hosts", etc.hosts);
  get(object, "resolv_conf", etc.resolv_conf);
  get(object, "hostname", etc.hostname);
  get(object, "over_links", etc.over_links);
}

static void to_json(json& object, const HostHook& hook) {
  object = {{"path", hook.path},
            {"arguments", hook.arguments},
            {"environment", hook.environment},
            {"timeout", hook.timeout}};
}

static void from_json(const json& object, HostHook& hook) {
  object.at("path").get_to(hook.path);
  get(object, "arguments", hook.arguments);
  get(object, "environment", hook.environment);
  get(object, "timeout", hook.timeout);
}

void to_json(json& object, const ContainerSpec& spec) {
  object = {{"id", spec.id},
            {"name", spec.name},
            {"cgroup", spec.cgroup},
            {"hostname", spec.hostname},
            {"domainname", spec.domainname},
            {"root", spec.root},
            {"mounts", spec.mounts},
            {"etc", spec.etc},
            {"process", spec.process},
            {"resources", spec.resources},
            {"security", spec.security}};
  put(object, "namespaces", spec.namespaces);
  put(object, "sysctls", spec.sysctls);
  put(object, "files", spec.files);
  put(object, "ids", spec.ids);
  put(object, "hooks", spec.hooks);
}

void from_json(const json& object, ContainerSpec& spec) {
  object.at("id").get_to(spec.id);
  object.at("root").get_to(spec.root);
  object.at("process").get_to(spec.process);
  object.at("security").get_to(spec.security);
  get(object, "name", spec.name);
  get(object, "cgroup", spec.cgroup);
  get(object, "hostname", spec.hostname);
  get(object, "domainname", spec.domainname);
  get(object, "mounts", spec.mounts);
  get(object, "etc", spec.etc);
  get(object, "resources", spec.resources);
  get(object, "namespaces", spec.namespaces);
  get(object, "sysctls", spec.sysctls);
  get(object, "files", spec.files);
  get(object, "ids", spec.ids);
  get(object, "hooks", spec.hooks);
}

}  // namespace stack::runtime
