// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail_point.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

/// Somebody who removes the last container of a project removes the empty parents too: when that
/// happens between our mkdir of a parent and of its child, start again.
void make_group(const std::string& path) {
  constexpr int attempts = 10;
  for (int attempt = 1;; ++attempt) {
    try {
      return make_directories(path, 0755);
    } catch (const Error& error) {
      if (error.error_number() != ENOENT || attempt == attempts) throw;
    }
  }
}

void write_limit(int directory, const CgroupWrite& write) {
  try {
    const std::string value =
        write.copied_from.empty() ? write.value : std::string(trim(read_file(write.copied_from)));
    write_kernel_file(directory, write.file.c_str(), value);
  } catch (const Error& error) {
    if (!is_harmless(write, error)) throw;
  }
}

Fd open_group(const std::string& path) {
  return open_file(path, O_RDONLY | O_DIRECTORY);
}

Fd open_tasks(const std::string& group) {
  return open_file(group + "/tasks", O_WRONLY);
}

}  // namespace

bool is_harmless(const CgroupWrite& write, const Error& error) {
  const bool missing = error.error_number() == ENOENT || error.error_number() == EOPNOTSUPP;
  return missing && write.if_missing != IfMissing::fail;
}

CgroupEntrance make_cgroups(const CgroupPlan& plan) {
  CgroupEntrance entrance;
  for (const CgroupDirectory& directory : plan.directories) {
    fail_point("cgroup.make");
    make_group(directory.path);
    if (directory.writes.empty()) continue;
    fail_point("cgroup.limits");
    const Fd group = open_group(directory.path);
    during("cgroup " + directory.path, [&] {
      for (const CgroupWrite& write : directory.writes) write_limit(group.get(), write);
    });
  }
  fail_point("cgroup.open");
  for (const std::string& group : plan.v1_groups) entrance.v1_tasks.push_back(open_tasks(group));
  if (!plan.unified_group.empty()) entrance.unified = open_group(plan.unified_group);
  if (!plan.unified_devices.empty()) {
    during("cgroup " + plan.unified_group, [&] {
      attach_device_program(entrance.unified.get(), device_program(plan.unified_devices));
    });
  }
  return entrance;
}

void delegate_cgroups(const CgroupPlan& plan, const IdBlock& ids) {
  std::vector<std::string> groups = plan.v1_groups;
  if (!plan.unified_group.empty()) groups.push_back(plan.unified_group);
  for (const std::string& group : groups) {
    for (const char* file :
         {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control", "/tasks"}) {
      const std::string path = group + file;
      if (::chown(path.c_str(), ids.uid_outside(0), ids.gid_outside(0)) == 0) continue;
      // Each version of cgroups has some of them.
      if (errno != ENOENT) throw_errno("giving {} to the container", path);
    }
  }
}

CgroupEntrance open_cgroups(const CgroupLayout& layout, const std::string& cgroup) {
  CgroupEntrance entrance;
  for (const CgroupHierarchy& hierarchy : layout.v1) {
    const std::string group = hierarchy.mount + "/" + cgroup;
    if (!hierarchy.on_demand || exists(group)) entrance.v1_tasks.push_back(open_tasks(group));
  }
  if (!layout.unified.empty()) entrance.unified = open_group(layout.unified + "/" + cgroup);
  return entrance;
}

}  // namespace stack::runtime
