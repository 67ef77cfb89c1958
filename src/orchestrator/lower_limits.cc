// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower_limits.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "spec/short_forms.h"
#include "spec/user_namespace.h"

namespace stack::orchestrator {
namespace {

using runtime::NamespaceKind;

/// Compose files say 0 where they mean: not limited.
template <typename Number>
std::optional<Number> unless_zero(const std::optional<Number>& value) {
  return value.value_or(0) == 0 ? std::nullopt : value;
}

std::vector<runtime::DeviceNumber> numbers(const std::vector<spec::BlockRate>& rates) {
  std::vector<runtime::DeviceNumber> lowered;
  for (const auto& rate : rates) lowered.push_back({rate.path, rate.value});
  return lowered;
}

runtime::BlockSpec block_of(const spec::BlockLimits& limits) {
  return {unless_zero(limits.weight), numbers(limits.weight_device), numbers(limits.read_bps),
          numbers(limits.write_bps),  numbers(limits.read_iops),     numbers(limits.write_iops)};
}

std::vector<runtime::DeviceSpec> devices_of(const spec::Service& model) {
  std::vector<runtime::DeviceSpec> devices;
  for (const auto& device : model.devices) {
    if (spec::is_cdi_name(device.source)) continue;
    runtime::DeviceSpec lowered{device.source, device.target, device.permissions};
    if (lowered.target.empty()) lowered.target = lowered.source;
    if (lowered.permissions.empty()) lowered.permissions = "rwm";
    devices.push_back(std::move(lowered));
  }
  return devices;
}

/// The numbers of USER or USER:GROUP; names are the image's to know.
std::pair<std::optional<std::uint32_t>, std::optional<std::uint32_t>> numbers_of(
    const std::string& user) {
  const auto parts = split(user, ':');
  return {parse_integer<std::uint32_t>(parts[0]),
          parts.size() > 1 ? parse_integer<std::uint32_t>(parts[1]) : std::nullopt};
}

/// As CDI has it: a node without an owner belongs to who runs in the container, unless that is
/// root.
void add_granted(const DesiredContainer& wish, std::vector<runtime::DeviceSpec>& devices) {
  const auto [uid, gid] = numbers_of(wish.model.user.empty() ? wish.image.user : wish.model.user);
  for (const CdiGrant& grant : wish.devices) {
    for (runtime::DeviceSpec node : grant.edits.nodes) {
      if (!node.uid && uid.value_or(0) != 0) node.uid = uid;
      if (!node.gid && gid.value_or(0) != 0) node.gid = gid;
      std::erase_if(devices, [&](const auto& each) { return each.target == node.target; });
      devices.push_back(std::move(node));
    }
  }
}

runtime::NamespaceSpec namespace_of(const DesiredContainer& wish, const char* key,
                                    const std::string& mode) {
  if (const auto other = wish.shares.find(key); other != wish.shares.end())
    return {NamespaceKind::shared, other->second};
  if (mode == "host") return {NamespaceKind::host, {}};
  return {};
}

}  // namespace

runtime::ResourceSpec resources_of(const spec::Service& model) {
  runtime::ResourceSpec resources;
  resources.memory_limit = unless_zero(model.mem_limit);
  resources.memory_reservation = unless_zero(model.mem_reservation);
  resources.memory_swap = unless_zero(model.memswap_limit);
  resources.memory_swappiness = model.mem_swappiness;
  resources.oom_kill_disable = model.oom_kill_disable;
  resources.cpus = unless_zero(model.cpus);
  resources.cpu_shares = unless_zero(model.cpu_shares);
  resources.cpu_period = unless_zero(model.cpu_period);
  resources.cpu_quota = unless_zero(model.cpu_quota);
  resources.cpu_rt_period = unless_zero(model.cpu_rt_period);
  resources.cpu_rt_runtime = unless_zero(model.cpu_rt_runtime);
  resources.cpuset = model.cpuset;
  resources.pids_limit = model.pids_limit;
  if (model.shm_size.value_or(0) != 0) resources.shm_size = *model.shm_size;
  resources.block = block_of(model.blkio_config);
  return resources;
}

std::map<std::string, runtime::UlimitSpec> ulimits_of(const spec::Service& model) {
  std::map<std::string, runtime::UlimitSpec> limits;
  for (const auto& [name, limit] : model.ulimits) limits[name] = {limit.soft, limit.hard};
  return limits;
}

runtime::SecuritySpec security_of(const DesiredContainer& wish) {
  const spec::Service& model = wish.model;
  runtime::SecuritySpec security;
  security.privileged = model.privileged;
  security.capabilities =
      runtime::effective_capabilities(model.cap_add, model.cap_drop, model.privileged);
  security.no_new_privileges = model.security.no_new_privileges;
  security.writable_cgroups = model.security.writable_cgroups;
  security.system_paths_unconfined = model.security.system_paths_unconfined;
  security.apparmor = model.security.apparmor;
  security.seccomp = model.security.seccomp == "unconfined" ? "unconfined" : wish.seccomp;
  security.devices = devices_of(model);
  add_granted(wish, security.devices);
  security.device_rules = model.device_cgroup_rules;
  return security;
}

runtime::NamespacesSpec namespaces_of(const DesiredContainer& wish) {
  const spec::Service& model = wish.model;
  runtime::NamespacesSpec spaces;
  spaces.network = namespace_of(wish, "network_mode", model.network_mode);
  spaces.pid = namespace_of(wish, "pid", model.pid);
  spaces.ipc = namespace_of(wish, "ipc", model.ipc);
  if (model.ipc == "none") spaces.ipc.kind = NamespaceKind::none;
  if (model.uts == "host") spaces.uts.kind = NamespaceKind::host;
  if (model.cgroup == "host") spaces.cgroup.kind = NamespaceKind::host;
  // Who shares a namespace shares what that belongs to. That it is one, spec has checked.
  if (spec::id_count(model.userns_mode))
    spaces.user = wish.shares.empty()
                      ? runtime::NamespaceSpec{NamespaceKind::own, {}}
                      : runtime::NamespaceSpec{NamespaceKind::shared, wish.shares.begin()->second};
  return spaces;
}

std::string cgroup_of(const spec::Service& model, const std::string& project,
                      const std::string& id) {
  std::string path = fmt::format("stack/{}/{}", project, id);
  std::string parent = model.cgroup_parent;
  while (parent.starts_with('/')) parent.erase(0, 1);
  while (parent.ends_with('/')) parent.pop_back();
  return parent.empty() ? path : parent + "/" + path;
}

std::vector<runtime::FileSpec> files_of(const DesiredContainer& wish) {
  std::vector<runtime::FileSpec> files;
  for (const DesiredFile& file : wish.files) {
    if (file.is_directory) continue;
    files.push_back({file.target, file.uid, file.gid, file.mode, file.content, file.path,
                     file.confidential == Confidential::yes});
  }
  return files;
}

void add_granted_mounts(const DesiredContainer& wish, std::vector<runtime::MountSpec>& mounts) {
  for (const CdiGrant& grant : wish.devices) {
    for (const auto& mount : grant.edits.mounts) {
      std::erase_if(mounts, [&](const auto& each) { return each.target == mount.target; });
      mounts.push_back(mount);
    }
  }
}

std::vector<runtime::HostHook> hooks_of(const DesiredContainer& wish) {
  std::vector<runtime::HostHook> hooks;
  for (const CdiGrant& grant : wish.devices)
    hooks.insert(hooks.end(), grant.edits.hooks.begin(), grant.edits.hooks.end());
  return hooks;
}

std::vector<std::string> groups_of(const DesiredContainer& wish) {
  std::vector<std::string> groups = wish.model.group_add;
  for (const CdiGrant& grant : wish.devices) {
    for (const std::string& group : grant.edits.groups)
      if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
  }
  return groups;
}

std::vector<runtime::MountSpec> directory_binds(const DesiredContainer& wish) {
  std::vector<runtime::MountSpec> binds;
  for (const DesiredFile& file : wish.files) {
    if (!file.is_directory) continue;
    runtime::MountSpec bind;
    bind.source = file.path;
    bind.target = file.target;
    bind.writable = runtime::Writable::no;
    binds.push_back(std::move(bind));
  }
  return binds;
}

}  // namespace stack::orchestrator
