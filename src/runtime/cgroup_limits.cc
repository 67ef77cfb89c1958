// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_limits.h"

#include <algorithm>

#include "base/format.h"
#include "base/number.h"

namespace stack::runtime {
namespace {

constexpr std::uint64_t usual_period_us = 100'000;
/// A fork bomb is the cheapest way to take a machine down: whoever needs more says so.
constexpr std::int64_t usual_pids = 4096;

std::string number(std::uint64_t value) {
  return fmt::format("{}", value);
}

struct Quota {
  std::string text;  ///< microseconds a period; empty: no limit asked for
  std::uint64_t period = usual_period_us;
};

/// The kernel refuses a quota below one millisecond.
Quota quota_of(const ResourceSpec& resources) {
  Quota quota;
  quota.period = resources.cpu_period.value_or(usual_period_us);
  if (resources.cpus) {
    const std::int64_t share = rounded(*resources.cpus * static_cast<double>(quota.period));
    quota.text = fmt::format("{}", std::max<std::int64_t>(1000, share));
  } else if (resources.cpu_quota) {
    quota.text = fmt::format("{}", *resources.cpu_quota);
  }
  return quota;
}

bool limits_cpu(const ResourceSpec& resources) {
  return resources.cpus || resources.cpu_quota || resources.cpu_period;
}

/// cgroup v2 counts swap alone, compose both together; without a word it is as much again.
std::string swap_v2(const ResourceSpec& resources) {
  const std::uint64_t limit = *resources.memory_limit;
  if (!resources.memory_swap) return number(limit);
  if (*resources.memory_swap < 0) return "max";
  const auto both = static_cast<std::uint64_t>(*resources.memory_swap);
  return number(both - std::min(both, limit));
}

std::string swap_v1(const ResourceSpec& resources) {
  if (resources.memory_swap) return fmt::format("{}", *resources.memory_swap);
  return number(2 * *resources.memory_limit);
}

/// What "rates" means in each of the four files of blkio, and in io.max.
struct RateKind {
  const std::vector<DeviceNumber> BlockSpec::*rates;
  const char* v1_file;
  const char* v2_word;
};
constexpr RateKind rate_kinds[] = {
    {&BlockSpec::read_bps, "blkio.throttle.read_bps_device", "rbps"},
    {&BlockSpec::write_bps, "blkio.throttle.write_bps_device", "wbps"},
    {&BlockSpec::read_iops, "blkio.throttle.read_iops_device", "riops"},
    {&BlockSpec::write_iops, "blkio.throttle.write_iops_device", "wiops"},
};

/// blkio's 10..1000 on io.weight's 1..10000, as runc maps it.
std::uint64_t io_weight(std::uint64_t weight) {
  return 1 + (weight - 10) * 9999 / 990;
}

}  // namespace

std::vector<CgroupWrite> memory_v1(const ResourceSpec& resources) {
  std::vector<CgroupWrite> writes;
  if (resources.memory_limit) {
    writes.push_back({"memory.limit_in_bytes", number(*resources.memory_limit)});
    writes.push_back({"memory.memsw.limit_in_bytes", swap_v1(resources), IfMissing::skip});
  }
  if (resources.memory_reservation)
    writes.push_back({"memory.soft_limit_in_bytes", number(*resources.memory_reservation)});
  if (resources.memory_swappiness)
    writes.push_back({"memory.swappiness", number(*resources.memory_swappiness), IfMissing::skip});
  if (resources.oom_kill_disable) writes.push_back({"memory.oom_control", "1", IfMissing::skip});
  return writes;
}

std::vector<CgroupWrite> memory_v2(const ResourceSpec& resources) {
  std::vector<CgroupWrite> writes;
  if (resources.memory_limit) {
    writes.push_back({"memory.max", number(*resources.memory_limit)});
    writes.push_back({"memory.swap.max", swap_v2(resources), IfMissing::skip});
  }
  if (resources.memory_reservation)
    writes.push_back({"memory.low", number(*resources.memory_reservation)});
  return writes;
}

std::vector<CgroupWrite> cpu_v1(const ResourceSpec& resources) {
  std::vector<CgroupWrite> writes;
  if (resources.cpu_shares) writes.push_back({"cpu.shares", number(*resources.cpu_shares)});
  if (resources.cpu_rt_period)
    writes.push_back({"cpu.rt_period_us", number(*resources.cpu_rt_period)});
  if (resources.cpu_rt_runtime)
    writes.push_back({"cpu.rt_runtime_us", number(*resources.cpu_rt_runtime)});
  if (!limits_cpu(resources)) return writes;
  const Quota quota = quota_of(resources);
  writes.push_back({"cpu.cfs_period_us", number(quota.period), IfMissing::skip});
  if (!quota.text.empty()) writes.push_back({"cpu.cfs_quota_us", quota.text, IfMissing::skip});
  return writes;
}

std::vector<CgroupWrite> cpu_v2(const ResourceSpec& resources) {
  std::vector<CgroupWrite> writes;
  if (resources.cpu_shares) {
    const std::uint64_t shares = std::clamp<std::uint64_t>(*resources.cpu_shares, 2, 262'144);
    writes.push_back({"cpu.weight", number(1 + (shares - 2) * 9999 / 262'142)});
  }
  if (!limits_cpu(resources)) return writes;
  const Quota quota = quota_of(resources);
  const bool without = quota.text.empty() || quota.text.front() == '-';
  writes.push_back({"cpu.max", fmt::format("{} {}", without ? "max" : quota.text, quota.period),
                    IfMissing::skip});
  return writes;
}

std::vector<CgroupWrite> pids_limits(const ResourceSpec& resources) {
  const std::int64_t limit = resources.pids_limit.value_or(usual_pids);
  return {{"pids.max", limit > 0 ? fmt::format("{}", limit) : "max"}};
}

std::vector<CgroupWrite> cpuset_limits(const ResourceSpec& resources) {
  if (resources.cpuset.empty()) return {};
  return {{"cpuset.cpus", resources.cpuset}};
}

std::vector<CgroupWrite> block_v1(const BlockSpec& block, const NumberOfDevice& number_of) {
  std::vector<CgroupWrite> writes;
  // The name with bfq is today's, the other that of kernels before 5.0.
  if (block.weight) writes.push_back({"blkio.bfq.weight", number(*block.weight), IfMissing::skip});
  for (const DeviceNumber& device : block.weights)
    writes.push_back({"blkio.bfq.weight_device",
                      fmt::format("{} {}", number_of(device.path), device.value), IfMissing::skip});
  for (const RateKind& kind : rate_kinds)
    for (const DeviceNumber& device : block.*kind.rates)
      writes.push_back({kind.v1_file, fmt::format("{} {}", number_of(device.path), device.value),
                        IfMissing::skip});
  return writes;
}

std::vector<CgroupWrite> block_v2(const BlockSpec& block, const NumberOfDevice& number_of) {
  std::vector<CgroupWrite> writes;
  if (block.weight) {
    writes.push_back({"io.bfq.weight", number(*block.weight), IfMissing::skip});
    writes.push_back({"io.weight", number(io_weight(*block.weight)), IfMissing::skip});
  }
  for (const DeviceNumber& device : block.weights)
    writes.push_back({"io.bfq.weight", fmt::format("{} {}", number_of(device.path), device.value),
                      IfMissing::skip});
  for (const RateKind& kind : rate_kinds)
    for (const DeviceNumber& device : block.*kind.rates)
      writes.push_back({"io.max",
                        fmt::format("{} {}={}", number_of(device.path), kind.v2_word, device.value),
                        IfMissing::skip});
  return writes;
}

bool has_limits(const BlockSpec& block) {
  return block != BlockSpec{};
}

}  // namespace stack::runtime
