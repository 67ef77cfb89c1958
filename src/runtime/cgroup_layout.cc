// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_layout.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

constexpr std::array<std::string_view, 8> wanted = {"devices", "memory",  "pids",  "cpu",
                                                    "cpuacct", "freezer", "blkio", "cpuset"};

/// The fields of a mountinfo line that matter here (proc_pid_mountinfo(5)).
struct MountLine {
  std::string mount_point;
  std::string type;
  std::string super_options;
};

MountLine parse_line(const std::string& line) {
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 5 || fields.end() - dash < 4) return {};
  return {fields[4], *(dash + 1), *(dash + 3)};
}

std::vector<std::string> wanted_controllers(const std::string& super_options) {
  std::vector<std::string> controllers;
  for (std::string& option : split(super_options, ',')) {
    if (std::find(wanted.begin(), wanted.end(), option) != wanted.end())
      controllers.push_back(std::move(option));
  }
  return controllers;
}

bool is_on_demand(const std::vector<std::string>& controllers) {
  return std::all_of(controllers.begin(), controllers.end(),
                     [](const std::string& name) { return name == "blkio" || name == "cpuset"; });
}

bool only_freezer(const CgroupHierarchy& hierarchy) {
  return hierarchy.controllers == std::vector<std::string>{"freezer"};
}

}  // namespace

const CgroupHierarchy* CgroupLayout::v1_with(std::string_view controller) const {
  for (const CgroupHierarchy& hierarchy : v1) {
    const auto& names = hierarchy.controllers;
    if (std::find(names.begin(), names.end(), controller) != names.end()) return &hierarchy;
  }
  return nullptr;
}

bool CgroupLayout::unified_has(std::string_view controller) const {
  return std::find(unified_controllers.begin(), unified_controllers.end(), controller) !=
         unified_controllers.end();
}

std::vector<std::string> CgroupLayout::mounts() const {
  std::vector<std::string> all;
  for (const CgroupHierarchy& hierarchy : v1) all.push_back(hierarchy.mount);
  if (!unified.empty()) all.push_back(unified);
  return all;
}

CgroupLayout parse_cgroup_layout(std::string_view mountinfo) {
  CgroupLayout layout;
  for (const std::string& text : split(mountinfo, '\n')) {
    MountLine line = parse_line(text);
    if (line.type == "cgroup2" && layout.unified.empty()) layout.unified = line.mount_point;
    if (line.type != "cgroup") continue;
    CgroupHierarchy hierarchy{line.mount_point, wanted_controllers(line.super_options)};
    hierarchy.on_demand = is_on_demand(hierarchy.controllers);
    // A hierarchy may be mounted a second time elsewhere: the first place is as good as any.
    if (hierarchy.controllers.empty() || layout.v1_with(hierarchy.controllers.front())) continue;
    layout.v1.push_back(std::move(hierarchy));
  }
  if (!layout.unified.empty()) std::erase_if(layout.v1, only_freezer);
  return layout;
}

namespace {

CgroupLayout read_host_layout() {
  CgroupLayout layout = parse_cgroup_layout(read_file("/proc/self/mountinfo"));
  if (layout.unified.empty()) return layout;
  const auto controllers = read_file_if_exists(layout.unified + "/cgroup.controllers");
  for (std::string& name : split(trim(controllers.value_or("")), ' ')) {
    if (!name.empty()) layout.unified_controllers.push_back(std::move(name));
  }
  return layout;
}

}  // namespace

const CgroupLayout& host_cgroup_layout() {
  static const CgroupLayout layout = read_host_layout();
  return layout;
}

}  // namespace stack::runtime
