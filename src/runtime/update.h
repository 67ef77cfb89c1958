// SPDX-License-Identifier: Apache-2.0
// Limits of a container that runs, changed without a restart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cgroup_layout.h"
#include "runtime/cgroup_limits.h"

namespace stack::runtime {

struct CgroupUpdate {
  std::string directory;
  CgroupWrite write;
  bool operator==(const CgroupUpdate&) const = default;
};

/// The writes that turn the limits of `before` into those of `after`, in an order in which the
/// kernel takes each: it refuses memory without swap above memory with swap at every moment
/// (cgroup-v1/memory.rst). A limit that is given up gets the kernel's default. Nothing at all when
/// something differs that a running container cannot change: a cpuset that comes or goes (one that
/// is there can become another), real-time and block device limits, swappiness, shm_size.
std::optional<std::vector<CgroupUpdate>> cgroup_writes_for_update(const CgroupLayout& layout,
                                                                  const std::string& cgroup,
                                                                  const ResourceSpec& before,
                                                                  const ResourceSpec& after);

/// Does it on this machine. Throws Error when it cannot be done, or the kernel refuses: what was
/// written before that stays.
void update_limits(const std::string& cgroup, const ResourceSpec& before,
                   const ResourceSpec& after);

/// "DIRECTORY/FILE = VALUE" per line.
std::string to_text(const std::vector<CgroupUpdate>& updates);

}  // namespace stack::runtime
