// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

constexpr long cpu_period_us = 100'000;

long quota_us(double cpus) {
  // The kernel refuses a quota below one millisecond.
  return std::max(1000L, std::lround(cpus * static_cast<double>(cpu_period_us)));
}

std::string pids_value(std::int64_t limit) {
  return limit > 0 ? fmt::format("{}", limit) : "max";
}

std::vector<DeviceRule> device_rules(const SecuritySpec& security) {
  return security.privileged ? all_devices() : default_device_rules();
}

// Memory and swap together are twice the memory, as docker's default has it.
std::vector<CgroupWrite> memory_v1(const ResourceSpec& resources) {
  if (!resources.memory_limit) return {};
  const std::uint64_t limit = *resources.memory_limit;
  return {{"memory.limit_in_bytes", fmt::format("{}", limit)},
          {"memory.memsw.limit_in_bytes", fmt::format("{}", 2 * limit), IfMissing::skip}};
}

std::vector<CgroupWrite> memory_v2(const ResourceSpec& resources) {
  if (!resources.memory_limit) return {};
  const std::string limit = fmt::format("{}", *resources.memory_limit);
  return {{"memory.max", limit}, {"memory.swap.max", limit, IfMissing::skip}};
}

std::vector<CgroupWrite> cpu_v1(const ResourceSpec& resources) {
  if (!resources.cpus) return {};
  return {{"cpu.cfs_period_us", fmt::format("{}", cpu_period_us)},
          {"cpu.cfs_quota_us", fmt::format("{}", quota_us(*resources.cpus))}};
}

std::vector<CgroupWrite> cpu_v2(const ResourceSpec& resources) {
  if (!resources.cpus) return {};
  return {{"cpu.max", fmt::format("{} {}", quota_us(*resources.cpus), cpu_period_us)}};
}

std::vector<CgroupWrite> pids(const ResourceSpec& resources) {
  if (!resources.pids_limit) return {};
  return {{"pids.max", pids_value(*resources.pids_limit)}};
}

std::vector<CgroupWrite> devices_v1(const SecuritySpec& security) {
  if (security.privileged) return {{"devices.allow", "a"}};
  std::vector<CgroupWrite> writes = {{"devices.deny", "a"}};
  for (const DeviceRule& rule : default_device_rules())
    writes.push_back({"devices.allow", device_line(rule)});
  return writes;
}

void append(std::vector<CgroupWrite>& all, std::vector<CgroupWrite> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::vector<CgroupWrite> v1_writes(const CgroupHierarchy& hierarchy, const ContainerSpec& spec) {
  std::vector<CgroupWrite> writes;
  for (const std::string& controller : hierarchy.controllers) {
    if (controller == "memory") append(writes, memory_v1(spec.resources));
    if (controller == "cpu") append(writes, cpu_v1(spec.resources));
    if (controller == "pids") append(writes, pids(spec.resources));
    if (controller == "devices") append(writes, devices_v1(spec.security));
  }
  return writes;
}

/// Of those that limits need, the controllers that the v2 tree has: "+cpu +memory +pids".
std::vector<std::string> usable_v2_controllers(const CgroupLayout& layout) {
  std::vector<std::string> usable;
  for (const char* controller : {"cpu", "memory", "pids"}) {
    if (layout.unified_has(controller)) usable.emplace_back(controller);
  }
  return usable;
}

std::vector<CgroupWrite> v2_writes(const CgroupLayout& layout, const ContainerSpec& spec) {
  std::vector<CgroupWrite> writes;
  if (layout.unified_has("cpu")) append(writes, cpu_v2(spec.resources));
  if (layout.unified_has("memory")) append(writes, memory_v2(spec.resources));
  if (layout.unified_has("pids")) append(writes, pids(spec.resources));
  return writes;
}

/// "MOUNT", "MOUNT/stack", "MOUNT/stack/shop" for "stack/shop/ID".
std::vector<std::string> ancestors(const std::string& mount, const std::string& cgroup) {
  std::vector<std::string> paths = {mount};
  for (std::size_t slash = cgroup.find('/'); slash != std::string::npos;
       slash = cgroup.find('/', slash + 1)) {
    paths.push_back(mount + "/" + cgroup.substr(0, slash));
  }
  return paths;
}

/// A v2 controller reaches a group only when each ancestor's subtree_control lets it through.
void append_v2(CgroupPlan& plan, const CgroupLayout& layout, const ContainerSpec& spec) {
  std::vector<std::string> switches = usable_v2_controllers(layout);
  for (std::string& name : switches) name.insert(0, "+");
  for (std::string& path : ancestors(layout.unified, spec.cgroup)) {
    std::vector<CgroupWrite> writes;
    if (!switches.empty()) writes.push_back({"cgroup.subtree_control", join(switches, " ")});
    plan.directories.push_back({std::move(path), std::move(writes)});
  }
  plan.unified_group = layout.unified + "/" + spec.cgroup;
  plan.directories.push_back({plan.unified_group, v2_writes(layout, spec)});
}

void require(const CgroupLayout& layout, std::string_view controller, std::string_view limit) {
  if (layout.v1_with(controller) != nullptr || layout.unified_has(controller)) return;
  throw Error(fmt::format("{}: this machine has no {} cgroup controller", limit, controller))
      .with_hint("`stack doctor` shows which controllers are there and how to get the others");
}

void require_controllers(const CgroupLayout& layout, const ContainerSpec& spec) {
  if (spec.resources.memory_limit) require(layout, "memory", "memory limit");
  if (spec.resources.cpus) require(layout, "cpu", "cpu limit");
  if (spec.resources.pids_limit.value_or(0) > 0) require(layout, "pids", "pids limit");
  if (layout.v1_with("devices") == nullptr && layout.unified.empty())
    fail("device rules: this machine has neither a devices controller nor a cgroup2 tree");
}

}  // namespace

CgroupPlan cgroup_plan(const CgroupLayout& layout, const ContainerSpec& spec) {
  require_controllers(layout, spec);
  CgroupPlan plan;
  for (const CgroupHierarchy& hierarchy : layout.v1) {
    plan.v1_groups.push_back(hierarchy.mount + "/" + spec.cgroup);
    plan.directories.push_back({plan.v1_groups.back(), v1_writes(hierarchy, spec)});
  }
  if (!layout.unified.empty()) append_v2(plan, layout, spec);
  if (layout.v1_with("devices") == nullptr) plan.unified_devices = device_rules(spec.security);
  return plan;
}

std::string to_text(const CgroupPlan& plan) {
  std::string text;
  for (const CgroupDirectory& directory : plan.directories) {
    text += fmt::format("mkdir {}\n", directory.path);
    for (const CgroupWrite& write : directory.writes)
      text += fmt::format("{}/{} = {}\n", directory.path, write.file, write.value);
  }
  for (const DeviceRule& rule : plan.unified_devices)
    text += fmt::format("filter {} {}\n", plan.unified_group, device_line(rule));
  return text;
}

}  // namespace stack::runtime
