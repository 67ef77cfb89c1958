// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {
namespace {

/// Mounts of their own in every container, or made by mount_plan.
constexpr std::array<std::string_view, 6> not_copied = {"pts", "shm",     "mqueue",
                                                        "fd",  "console", "ptmx"};

void collect_devices(const std::string& path, std::vector<Node>& nodes) {
  for (const std::string& name : list_directory("/dev/" + path)) {
    const std::string relative = path.empty() ? name : path + "/" + name;
    if (std::find(not_copied.begin(), not_copied.end(), relative) != not_copied.end()) continue;
    struct stat info {};
    if (::lstat(("/dev/" + relative).c_str(), &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      nodes.push_back({relative, S_IFDIR | 0755, 0, {}, 0, 0});
      collect_devices(relative, nodes);
    } else if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
      nodes.push_back({relative, info.st_mode, info.st_rdev, {}, info.st_uid, info.st_gid});
    }
  }
}

}  // namespace

std::vector<std::string> find_thermal_throttles() {
  const std::string cpus = "/sys/devices/system/cpu";
  std::vector<std::string> found;
  for (const std::string& name : list_directory(cpus)) {
    const std::string path = cpus + "/" + name + "/thermal_throttle";
    if (name.starts_with("cpu") && exists(path)) found.push_back(path);
  }
  return found;
}

MountFacts mount_facts(const CgroupLayout& cgroups, const SecuritySpec& security,
                       const DeviceFacts& devices) {
  MountFacts facts;
  facts.cgroups = cgroups;
  facts.devices = devices.nodes;
  facts.device_binds = devices.binds;
  if (security.privileged) {
    collect_devices("", facts.devices);
  } else {
    facts.thermal_throttles = find_thermal_throttles();
  }
  return facts;
}

}  // namespace stack::runtime
