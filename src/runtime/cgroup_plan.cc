// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_plan.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

std::vector<DeviceRule> device_rules(const ContainerSpec& spec, const DeviceFacts& facts) {
  if (spec.security.privileged) return all_devices();
  std::vector<DeviceRule> rules = default_device_rules();
  rules.insert(rules.end(), facts.rules.begin(), facts.rules.end());
  for (const std::string& text : spec.security.device_rules) rules.push_back(parse_rule(text));
  return rules;
}

/// To the v1 controller, "a" is all devices and all ways to use them, whatever else the line says.
std::vector<DeviceRule> by_type(const DeviceRule& rule) {
  if (rule.type != DeviceType::any || rule == DeviceRule{}) return {rule};
  std::vector<DeviceRule> both = {rule, rule};
  both[0].type = DeviceType::block;
  both[1].type = DeviceType::character;
  return both;
}

std::vector<CgroupWrite> devices_v1(const ContainerSpec& spec, const DeviceFacts& facts) {
  if (spec.security.privileged) return {{"devices.allow", "a"}};
  std::vector<CgroupWrite> writes = {{"devices.deny", "a"}};
  for (const DeviceRule& rule : device_rules(spec, facts))
    for (const DeviceRule& each : by_type(rule))
      writes.push_back({"devices.allow", device_line(each)});
  return writes;
}

void append(std::vector<CgroupWrite>& all, std::vector<CgroupWrite> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::vector<CgroupWrite> v1_writes(const CgroupHierarchy& hierarchy, const ContainerSpec& spec,
                                   const DeviceFacts& facts) {
  const ResourceSpec& resources = spec.resources;
  std::vector<CgroupWrite> writes;
  for (const std::string& controller : hierarchy.controllers) {
    if (controller == "memory") append(writes, memory_v1(resources));
    if (controller == "cpu") append(writes, cpu_v1(resources));
    if (controller == "pids") append(writes, pids_limits(resources));
    if (controller == "devices") append(writes, devices_v1(spec, facts));
    if (controller == "cpuset") append(writes, cpuset_limits(resources));
    if (controller == "blkio") append(writes, block_v1(resources.block, facts.number_of));
  }
  return writes;
}

/// The controllers that this container's limits need.
bool needs(const ResourceSpec& resources, std::string_view controller) {
  if (controller == "cpuset") return !resources.cpuset.empty();
  if (controller == "io" || controller == "blkio") return has_limits(resources.block);
  return true;
}

bool is_needed(const CgroupHierarchy& hierarchy, const ResourceSpec& resources) {
  return !hierarchy.on_demand ||
         std::any_of(hierarchy.controllers.begin(), hierarchy.controllers.end(),
                     [&](const std::string& name) { return needs(resources, name); });
}

/// Of those that limits need, the controllers that the v2 tree has: "+cpu +memory +pids".
std::vector<std::string> usable_v2_controllers(const CgroupLayout& layout,
                                               const ResourceSpec& resources) {
  std::vector<std::string> usable;
  for (const char* controller : {"cpu", "memory", "pids", "cpuset", "io"}) {
    if (layout.unified_has(controller) && needs(resources, controller))
      usable.emplace_back(controller);
  }
  return usable;
}

std::vector<CgroupWrite> v2_writes(const CgroupLayout& layout, const ResourceSpec& resources,
                                   const DeviceFacts& facts) {
  std::vector<CgroupWrite> writes;
  if (layout.unified_has("cpu")) append(writes, cpu_v2(resources));
  if (layout.unified_has("memory")) append(writes, memory_v2(resources));
  if (layout.unified_has("pids")) append(writes, pids_limits(resources));
  if (layout.unified_has("cpuset")) append(writes, cpuset_limits(resources));
  if (layout.unified_has("io")) append(writes, block_v2(resources.block, facts.number_of));
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

/// cpuset of v1 gives a new group neither processors nor memory: each takes over its parent's.
void append_cpuset(CgroupPlan& plan, const CgroupHierarchy& hierarchy, const ContainerSpec& spec) {
  std::string parent;
  for (std::string& path : ancestors(hierarchy.mount, spec.cgroup)) {
    if (!parent.empty()) {
      plan.directories.push_back({path,
                                  {{"cpuset.cpus", "", IfMissing::fail, parent + "/cpuset.cpus"},
                                   {"cpuset.mems", "", IfMissing::fail, parent + "/cpuset.mems"}}});
    }
    parent = std::move(path);
  }
  plan.directories.push_back({hierarchy.mount + "/" + spec.cgroup,
                              {{"cpuset.mems", "", IfMissing::fail, parent + "/cpuset.mems"}}});
}

/// A v2 controller reaches a group only when each ancestor's subtree_control lets it through.
void append_v2(CgroupPlan& plan, const CgroupLayout& layout, const ContainerSpec& spec,
               const DeviceFacts& facts) {
  std::vector<std::string> switches = usable_v2_controllers(layout, spec.resources);
  for (std::string& name : switches) name.insert(0, "+");
  for (std::string& path : ancestors(layout.unified, spec.cgroup)) {
    std::vector<CgroupWrite> writes;
    if (!switches.empty()) writes.push_back({"cgroup.subtree_control", join(switches, " ")});
    plan.directories.push_back({std::move(path), std::move(writes)});
  }
  plan.unified_group = layout.unified + "/" + spec.cgroup;
  plan.directories.push_back({plan.unified_group, v2_writes(layout, spec.resources, facts)});
}

}  // namespace

CgroupPlan cgroup_plan(const CgroupLayout& layout, const ContainerSpec& spec,
                       const DeviceFacts& facts) {
  if (layout.v1_with("devices") == nullptr && layout.unified.empty())
    fail("device rules: this machine has neither a devices controller nor a cgroup2 tree");
  CgroupPlan plan;
  for (const CgroupHierarchy& hierarchy : layout.v1) {
    if (!is_needed(hierarchy, spec.resources)) continue;
    if (&hierarchy == layout.v1_with("cpuset")) append_cpuset(plan, hierarchy, spec);
    plan.v1_groups.push_back(hierarchy.mount + "/" + spec.cgroup);
    plan.directories.push_back({plan.v1_groups.back(), v1_writes(hierarchy, spec, facts)});
  }
  if (!layout.unified.empty()) append_v2(plan, layout, spec, facts);
  if (layout.v1_with("devices") == nullptr) plan.unified_devices = device_rules(spec, facts);
  return plan;
}

std::string to_text(const CgroupPlan& plan) {
  std::string text;
  for (const CgroupDirectory& directory : plan.directories) {
    text += fmt::format("mkdir {}\n", directory.path);
    for (const CgroupWrite& write : directory.writes)
      text += fmt::format("{}/{} = {}\n", directory.path, write.file,
                          write.copied_from.empty() ? write.value : "that of " + write.copied_from);
  }
  for (const DeviceRule& rule : plan.unified_devices)
    text += fmt::format("filter {} {}\n", plan.unified_group, device_line(rule));
  return text;
}

}  // namespace stack::runtime
