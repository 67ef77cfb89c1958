// SPDX-License-Identifier: Apache-2.0
#include "runtime/update.h"

#include <gtest/gtest.h>

namespace stack::runtime {
namespace {

constexpr std::uint64_t mib = 1 << 20;

CgroupLayout v1() {
  CgroupLayout layout;
  layout.v1 = {{"/v1/memory", {"memory"}}, {"/v1/cpu", {"cpu"}}, {"/v1/pids", {"pids"}}};
  return layout;
}

CgroupLayout v2() {
  CgroupLayout layout;
  layout.unified = "/cg";
  layout.unified_controllers = {"cpu", "memory", "pids"};
  return layout;
}

ResourceSpec memory(std::uint64_t limit, std::optional<std::int64_t> both = std::nullopt) {
  ResourceSpec it;
  it.memory_limit = limit;
  it.memory_swap = both;
  return it;
}

/// "\n" and a line each; "impossible" when it cannot be done in place.
std::string update(const CgroupLayout& layout, const ResourceSpec& before,
                   const ResourceSpec& after) {
  const auto writes = cgroup_writes_for_update(layout, "shop/1", before, after);
  return writes ? "\n" + to_text(*writes) : "impossible";
}

TEST(Update, NothingIsWrittenForNothing) {
  EXPECT_EQ(update(v1(), memory(mib), memory(mib)), "\n");
}

TEST(Update, MoreMemoryOnV1IsGivenTogetherWithSwapFirst) {
  EXPECT_EQ(update(v1(), memory(64 * mib), memory(256 * mib)), R"(
/v1/memory/shop/1/memory.memsw.limit_in_bytes = 536870912
/v1/memory/shop/1/memory.limit_in_bytes = 268435456
)");
}

TEST(Update, LessMemoryOnV1IsTakenAloneFirst) {
  EXPECT_EQ(update(v1(), memory(256 * mib), memory(64 * mib)), R"(
/v1/memory/shop/1/memory.limit_in_bytes = 67108864
/v1/memory/shop/1/memory.memsw.limit_in_bytes = 134217728
)");
}

/// What the kernel would refuse: memory alone above memory with swap.
bool kernel_takes(std::uint64_t memory_now, std::uint64_t both_now,
                  const std::vector<CgroupUpdate>& updates) {
  constexpr std::uint64_t endless = ~std::uint64_t{0};
  for (const auto& [directory, write] : updates) {
    const std::uint64_t value = write.value == "-1" ? endless : std::stoull(write.value);
    if (write.file == "memory.limit_in_bytes") memory_now = value;
    if (write.file == "memory.memsw.limit_in_bytes") both_now = value;
    if (memory_now > both_now) return false;
  }
  return true;
}

TEST(Update, AtNoMomentIsMemoryMoreThanMemoryWithSwap) {
  std::vector<ResourceSpec> specs{{}};
  for (const std::uint64_t limit : {1, 2, 3, 4, 6, 8}) {
    specs.push_back(memory(limit));
    specs.push_back(memory(limit, -1));
    for (const std::uint64_t more : {0, 1, 3}) specs.push_back(memory(limit, limit + more));
  }
  const auto both = [](const ResourceSpec& it) {
    if (!it.memory_limit || (it.memory_swap && *it.memory_swap < 0)) return ~std::uint64_t{0};
    return it.memory_swap ? static_cast<std::uint64_t>(*it.memory_swap) : 2 * *it.memory_limit;
  };
  for (const auto& before : specs) {
    for (const auto& after : specs) {
      const auto writes = cgroup_writes_for_update(v1(), "shop/1", before, after);
      ASSERT_TRUE(writes);
      EXPECT_TRUE(
          kernel_takes(before.memory_limit.value_or(~std::uint64_t{0}), both(before), *writes))
          << before.memory_limit.value_or(0) << " " << after.memory_limit.value_or(0) << "\n"
          << to_text(*writes);
    }
  }
}

TEST(Update, V2HasOneFileForEachLimit) {
  ResourceSpec after = memory(128 * mib);
  after.cpus = 1.5;
  after.pids_limit = 50;
  EXPECT_EQ(update(v2(), memory(64 * mib), after), R"(
/cg/shop/1/memory.max = 134217728
/cg/shop/1/memory.swap.max = 134217728
/cg/shop/1/cpu.max = 150000 100000
/cg/shop/1/pids.max = 50
)");
}

TEST(Update, AGivenUpLimitGetsTheKernelsDefault) {
  ResourceSpec before = memory(64 * mib);
  before.cpus = 0.5;
  before.cpu_shares = 512;
  EXPECT_EQ(update(v2(), before, {}), R"(
/cg/shop/1/memory.max = max
/cg/shop/1/memory.swap.max = max
/cg/shop/1/cpu.weight = 100
/cg/shop/1/cpu.max = max 100000
)");
  EXPECT_EQ(update(v1(), before, {}), R"(
/v1/memory/shop/1/memory.memsw.limit_in_bytes = -1
/v1/memory/shop/1/memory.limit_in_bytes = -1
/v1/cpu/shop/1/cpu.shares = 1024
/v1/cpu/shop/1/cpu.cfs_period_us = 100000
/v1/cpu/shop/1/cpu.cfs_quota_us = -1
)");
}

TEST(Update, AListOfProcessorsBecomesAnother) {
  ResourceSpec before;
  before.cpuset = "0";
  ResourceSpec after;
  after.cpuset = "0-1";
  CgroupLayout layout = v2();
  layout.unified_controllers.emplace_back("cpuset");
  EXPECT_EQ(update(layout, before, after), "\n/cg/shop/1/cpuset.cpus = 0-1\n");
  EXPECT_EQ(update(layout, before, {}), "impossible") << "its group stays";
}

TEST(Update, WhatARunningContainerCannotChangeIsSaid) {
  ResourceSpec after;
  after.cpuset = "0";
  EXPECT_EQ(update(v2(), {}, after), "impossible");
  after = {};
  after.shm_size = mib;
  EXPECT_EQ(update(v2(), {}, after), "impossible");
  after = {};
  after.block.weight = 100;
  EXPECT_EQ(update(v2(), {}, after), "impossible");
}

}  // namespace
}  // namespace stack::runtime
