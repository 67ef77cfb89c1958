// SPDX-License-Identifier: Apache-2.0
#include "runtime/container_spec_json.h"

#include <nlohmann/json.hpp>

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

}  // namespace

NLOHMANN_JSON_SERIALIZE_ENUM(MountKind, {{MountKind::bind, "bind"}, {MountKind::tmpfs, "tmpfs"}})
NLOHMANN_JSON_SERIALIZE_ENUM(NetworkNamespace,
                             {{NetworkNamespace::own, "own"}, {NetworkNamespace::host, "host"}})

static void to_json(json& object, const MountSpec& mount) {
  object = {{"kind", mount.kind},
            {"source", mount.source},
            {"subpath", mount.subpath},
            {"target", mount.target},
            {"writable", is_writable(mount.writable)},
            {"propagation", mount.propagation},
            {"recursive", mount.recursive},
            {"options", mount.options}};
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
}

static void to_json(json& object, const RootSpec& root) {
  object = {{"lower", root.lower},
            {"upper", root.upper},
            {"work", root.work},
            {"writable", is_writable(root.writable)}};
}

static void from_json(const json& object, RootSpec& root) {
  object.at("lower").get_to(root.lower);
  get(object, "upper", root.upper);
  get(object, "work", root.work);
  get(object, "writable", root.writable);
}

static void to_json(json& object, const ProcessSpec& process) {
  object = {{"arguments", process.arguments},
            {"environment", process.environment},
            {"working_directory", process.working_directory},
            {"user", process.user},
            {"init", process.init},
            {"terminal", process.terminal},
            {"open_stdin", process.open_stdin}};
}

static void from_json(const json& object, ProcessSpec& process) {
  object.at("arguments").get_to(process.arguments);
  get(object, "environment", process.environment);
  get(object, "working_directory", process.working_directory);
  get(object, "user", process.user);
  get(object, "init", process.init);
  get(object, "terminal", process.terminal);
  get(object, "open_stdin", process.open_stdin);
}

static void to_json(json& object, const ResourceSpec& resources) {
  object = {{"shm_size", resources.shm_size}};
  put(object, "memory_limit", resources.memory_limit);
  put(object, "cpus", resources.cpus);
  put(object, "pids_limit", resources.pids_limit);
}

static void from_json(const json& object, ResourceSpec& resources) {
  get(object, "shm_size", resources.shm_size);
  get(object, "memory_limit", resources.memory_limit);
  get(object, "cpus", resources.cpus);
  get(object, "pids_limit", resources.pids_limit);
}

static void to_json(json& object, const SecuritySpec& security) {
  object = {{"capabilities", security.capabilities}, {"privileged", security.privileged}};
}

static void from_json(const json& object, SecuritySpec& security) {
  object.at("capabilities").get_to(security.capabilities);
  get(object, "privileged", security.privileged);
}

static void to_json(json& object, const EtcFiles& etc) {
  object = {{"hosts", etc.hosts}, {"resolv_conf", etc.resolv_conf}, {"hostname", etc.hostname}};
}

static void from_json(const json& object, EtcFiles& etc) {
  get(object, "hosts", etc.hosts);
  get(object, "resolv_conf", etc.resolv_conf);
  get(object, "hostname", etc.hostname);
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
            {"security", spec.security},
            {"network", spec.network}};
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
  get(object, "network", spec.network);
}

}  // namespace stack::runtime
