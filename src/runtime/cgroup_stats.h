// SPDX-License-Identifier: Apache-2.0
// What a container uses, as the kernel counts it: read from v1 or v2 files, whichever hierarchy
// keeps the count. Nothing here is averaged; whoever wants a rate takes two readings.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/cgroup_layout.h"

namespace stack::runtime {

struct ResourceUsage {
  std::chrono::nanoseconds cpu{0};  ///< of all processors together, since the cgroup exists
  std::uint64_t memory = 0;         ///< bytes; file cache that can go at once is not counted
  std::uint64_t memory_limit = 0;   ///< bytes; 0: none
  std::uint64_t block_read = 0;     ///< bytes from block devices
  std::uint64_t block_written = 0;
  std::uint64_t tasks = 0;  ///< threads
  bool operator==(const ResourceUsage&) const = default;
};

struct NetworkUsage {
  std::uint64_t received = 0;  ///< bytes over all links but lo
  std::uint64_t sent = 0;
  bool operator==(const NetworkUsage&) const = default;
};

/// Text of a file; "" when there is none.
using ReadText = std::function<std::string(const std::string& path)>;

/// Pure but for `read`. Counts that nobody keeps are 0.
ResourceUsage usage_of(const CgroupLayout& layout, const std::string& cgroup, const ReadText& read);
/// Of this machine's `cgroup`; all 0 when there is none.
ResourceUsage read_usage(const std::string& cgroup);

/// How many processes of it the kernel has killed for want of memory; 0 when nobody counts.
std::uint64_t read_oom_kills(const std::string& cgroup);

/// From the text of /proc/PID/net/dev.
NetworkUsage parse_network_usage(std::string_view net_dev);

/// Bytes of memory that this machine has.
std::uint64_t machine_memory();

}  // namespace stack::runtime
