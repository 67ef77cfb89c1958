// SPDX-License-Identifier: Apache-2.0
// Which file of a controller gets which value for a limit: one pure function for each controller
// and version (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/container_spec.h"

namespace stack::runtime {

enum class IfMissing {
  fail,
  skip,  ///< the kernel may lack the file: memory.swap.max without swap accounting
};

struct CgroupWrite {
  std::string file;  ///< "memory.max", or "cgroup.subtree_control" of an ancestor
  std::string value;
  IfMissing if_missing = IfMissing::fail;
  std::string copied_from = {};  ///< file whose text is written instead of `value`, when set
  bool operator==(const CgroupWrite&) const = default;
};

/// "8:0" of the block device at a host path. May throw Error.
using NumberOfDevice = std::function<std::string(const std::string& path)>;

std::vector<CgroupWrite> memory_v1(const ResourceSpec& resources);
std::vector<CgroupWrite> memory_v2(const ResourceSpec& resources);
std::vector<CgroupWrite> cpu_v1(const ResourceSpec& resources);
std::vector<CgroupWrite> cpu_v2(const ResourceSpec& resources);
/// Both versions; 4096 when nothing is said, "max" for -1 and 0.
std::vector<CgroupWrite> pids_limits(const ResourceSpec& resources);
/// Both versions; v1 wants cpuset.mems besides, which is the parent's.
std::vector<CgroupWrite> cpuset_limits(const ResourceSpec& resources);
std::vector<CgroupWrite> block_v1(const BlockSpec& block, const NumberOfDevice& number_of);
std::vector<CgroupWrite> block_v2(const BlockSpec& block, const NumberOfDevice& number_of);
bool has_limits(const BlockSpec& block);

}  // namespace stack::runtime
