// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

constexpr std::string_view hybrid_mounts =
    "21 1 0:20 / /proc rw - proc proc rw\n"
    "30 1 0:30 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw\n"
    "31 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 30 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
    "34 30 0:34 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    "35 30 0:35 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
    "36 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
    "37 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "38 1 0:34 / /elsewhere/pids rw - cgroup cgroup rw,pids\n";

CgroupLayout hybrid() {
  CgroupLayout layout = parse_cgroup_layout(hybrid_mounts);
  layout.unified_controllers = {"hugetlb"};
  return layout;
}

CgroupLayout v2_only() {
  CgroupLayout layout =
      parse_cgroup_layout("30 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
  layout.unified_controllers = {"cpuset", "cpu", "io", "memory", "pids"};
  return layout;
}

ContainerSpec limited() {
  ContainerSpec spec;
  spec.cgroup = "stack/shop/0123";
  spec.resources.memory_limit = 64 << 20;
  spec.resources.cpus = 0.5;
  spec.resources.pids_limit = 100;
  return spec;
}

TEST(CgroupLayout, KeepsTheHierarchiesThatMatterOnce) {
  std::string text;
  for (const std::string& mount : hybrid().mounts()) text += mount + "\n";
  EXPECT_EQ(text, R"(/sys/fs/cgroup/cpu,cpuacct
/sys/fs/cgroup/memory
/sys/fs/cgroup/devices
/sys/fs/cgroup/pids
/sys/fs/cgroup/unified
)");
}

TEST(CgroupLayout, TheFreezerMattersWhereThereIsNoV2Tree) {
  const CgroupLayout layout = parse_cgroup_layout(
      "1 1 0:1 / /cg/pids rw - cgroup c rw,pids\n2 1 0:2 / /cg/freezer rw - cgroup c rw,freezer\n");
  EXPECT_NE(layout.v1_with("freezer"), nullptr);
  EXPECT_TRUE(layout.unified.empty());
}

TEST(CgroupPlan, OnAHybridHostV1CarriesTheLimitsAndV2ThePlacement) {
  EXPECT_EQ(to_text(cgroup_plan(hybrid(), limited(), {})),
            R"(mkdir /sys/fs/cgroup/cpu,cpuacct/stack/shop/0123
/sys/fs/cgroup/cpu,cpuacct/stack/shop/0123/cpu.cfs_period_us = 100000
/sys/fs/cgroup/cpu,cpuacct/stack/shop/0123/cpu.cfs_quota_us = 50000
mkdir /sys/fs/cgroup/memory/stack/shop/0123
/sys/fs/cgroup/memory/stack/shop/0123/memory.limit_in_bytes = 67108864
/sys/fs/cgroup/memory/stack/shop/0123/memory.memsw.limit_in_bytes = 134217728
mkdir /sys/fs/cgroup/devices/stack/shop/0123
/sys/fs/cgroup/devices/stack/shop/0123/devices.deny = a
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c *:* m
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = b *:* m
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 1:3 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 1:5 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 1:7 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 1:8 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 1:9 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 5:0 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 5:1 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 5:2 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 10:200 rwm
/sys/fs/cgroup/devices/stack/shop/0123/devices.allow = c 136:* rwm
mkdir /sys/fs/cgroup/pids/stack/shop/0123
/sys/fs/cgroup/pids/stack/shop/0123/pids.max = 100
mkdir /sys/fs/cgroup/unified
mkdir /sys/fs/cgroup/unified/stack
mkdir /sys/fs/cgroup/unified/stack/shop
mkdir /sys/fs/cgroup/unified/stack/shop/0123
)");
}

TEST(CgroupPlan, OnV2ControllersAreSwitchedOnOnTheWayDown) {
  ContainerSpec spec = limited();
  spec.security.privileged = true;
  EXPECT_EQ(to_text(cgroup_plan(v2_only(), spec, {})), R"(mkdir /sys/fs/cgroup
/sys/fs/cgroup/cgroup.subtree_control = +cpu +memory +pids
mkdir /sys/fs/cgroup/stack
/sys/fs/cgroup/stack/cgroup.subtree_control = +cpu +memory +pids
mkdir /sys/fs/cgroup/stack/shop
/sys/fs/cgroup/stack/shop/cgroup.subtree_control = +cpu +memory +pids
mkdir /sys/fs/cgroup/stack/shop/0123
/sys/fs/cgroup/stack/shop/0123/cpu.max = 50000 100000
/sys/fs/cgroup/stack/shop/0123/memory.max = 67108864
/sys/fs/cgroup/stack/shop/0123/memory.swap.max = 67108864
/sys/fs/cgroup/stack/shop/0123/pids.max = 100
filter /sys/fs/cgroup/stack/shop/0123 a *:* rwm
)");
}

TEST(CgroupPlan, NoPidsLimitIsMax) {
  ContainerSpec spec;
  spec.cgroup = "stack/shop/0123";
  spec.resources.pids_limit = -1;
  EXPECT_NE(to_text(cgroup_plan(v2_only(), spec, {})).find("0123/pids.max = max"),
            std::string::npos);
}

TEST(CgroupPlan, ALimitWithoutItsControllerIsLeftOut) {
  CgroupLayout layout = v2_only();
  layout.unified_controllers = {"cpu"};
  const std::string text = to_text(cgroup_plan(layout, limited(), {}));
  EXPECT_EQ(text.find("memory"), std::string::npos);
  EXPECT_NE(text.find("0123/cpu.max = 50000 100000"), std::string::npos);
}

/// A limit of each kind, with devices as 8:0, 8:16, ...
ContainerSpec with_everything() {
  ContainerSpec spec;
  spec.cgroup = "stack/shop/0123";
  ResourceSpec& limits = spec.resources;
  limits.memory_limit = 100;
  limits.memory_reservation = 50;
  limits.memory_swap = 150;
  limits.memory_swappiness = 7;
  limits.cpu_shares = 512;
  limits.cpu_period = 50'000;
  limits.cpu_quota = 25'000;
  limits.cpuset = "0-1";
  limits.block = {500, {{"a", 10}}, {{"a", 1}}, {{"b", 2}}, {{"a", 3}}, {{"b", 4}}};
  return spec;
}

DeviceFacts two_devices() {
  DeviceFacts facts;
  facts.number_of = [](const std::string& path) { return path == "a" ? "8:0" : "8:16"; };
  return facts;
}

std::string own_writes(const std::string& text) {
  std::string own;
  for (const std::string& line : split(text, '\n'))
    if (line.find("0123/") != std::string::npos && line.find("devices") == std::string::npos)
      own += line + "\n";
  return own;
}

TEST(CgroupPlan, EachLimitHasItsFileOfV2) {
  EXPECT_EQ(own_writes(to_text(cgroup_plan(v2_only(), with_everything(), two_devices()))),
            R"(/sys/fs/cgroup/stack/shop/0123/cpu.weight = 20
/sys/fs/cgroup/stack/shop/0123/cpu.max = 25000 50000
/sys/fs/cgroup/stack/shop/0123/memory.max = 100
/sys/fs/cgroup/stack/shop/0123/memory.swap.max = 50
/sys/fs/cgroup/stack/shop/0123/memory.low = 50
/sys/fs/cgroup/stack/shop/0123/pids.max = 4096
/sys/fs/cgroup/stack/shop/0123/cpuset.cpus = 0-1
/sys/fs/cgroup/stack/shop/0123/io.bfq.weight = 500
/sys/fs/cgroup/stack/shop/0123/io.weight = 4950
/sys/fs/cgroup/stack/shop/0123/io.bfq.weight = 8:0 10
/sys/fs/cgroup/stack/shop/0123/io.max = 8:0 rbps=1
/sys/fs/cgroup/stack/shop/0123/io.max = 8:16 wbps=2
/sys/fs/cgroup/stack/shop/0123/io.max = 8:0 riops=3
/sys/fs/cgroup/stack/shop/0123/io.max = 8:16 wiops=4
)");
}

constexpr std::string_view more_v1 =
    "40 30 0:40 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
    "41 30 0:41 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

TEST(CgroupPlan, EachLimitHasItsFileOfV1) {
  const CgroupLayout layout =
      parse_cgroup_layout(std::string(hybrid_mounts) + std::string(more_v1));
  EXPECT_EQ(own_writes(to_text(cgroup_plan(layout, with_everything(), two_devices()))),
            R"(/sys/fs/cgroup/cpu,cpuacct/stack/shop/0123/cpu.shares = 512
/sys/fs/cgroup/cpu,cpuacct/stack/shop/0123/cpu.cfs_period_us = 50000
/sys/fs/cgroup/cpu,cpuacct/stack/shop/0123/cpu.cfs_quota_us = 25000
/sys/fs/cgroup/memory/stack/shop/0123/memory.limit_in_bytes = 100
/sys/fs/cgroup/memory/stack/shop/0123/memory.memsw.limit_in_bytes = 150
/sys/fs/cgroup/memory/stack/shop/0123/memory.soft_limit_in_bytes = 50
/sys/fs/cgroup/memory/stack/shop/0123/memory.swappiness = 7
/sys/fs/cgroup/pids/stack/shop/0123/pids.max = 4096
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.bfq.weight = 500
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.bfq.weight_device = 8:0 10
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.throttle.read_bps_device = 8:0 1
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.throttle.write_bps_device = 8:16 2
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.throttle.read_iops_device = 8:0 3
/sys/fs/cgroup/blkio/stack/shop/0123/blkio.throttle.write_iops_device = 8:16 4
/sys/fs/cgroup/cpuset/stack/shop/0123/cpuset.mems = that of /sys/fs/cgroup/cpuset/stack/shop/cpuset.mems
/sys/fs/cgroup/cpuset/stack/shop/0123/cpuset.cpus = 0-1
)");
}

TEST(CgroupPlan, GroupsOfBlkioAndCpusetAreMadeOnlyForWhoNeedsThem) {
  const CgroupLayout layout =
      parse_cgroup_layout(std::string(hybrid_mounts) + std::string(more_v1));
  const std::string text = to_text(cgroup_plan(layout, limited(), {}));
  EXPECT_EQ(text.find("blkio"), std::string::npos);
  EXPECT_EQ(text.find("cpuset"), std::string::npos);
}

TEST(CgroupPlan, WithoutMemoryLimitSwapIsNotLimited) {
  ContainerSpec spec;
  spec.cgroup = "stack/shop/0123";
  const std::string text = to_text(cgroup_plan(v2_only(), spec, {}));
  EXPECT_EQ(text.find("swap"), std::string::npos);
}

TEST(CgroupPlan, ARuleForAllDevicesOfOneAccessIsTwoLinesOfV1) {
  ContainerSpec spec;
  spec.cgroup = "stack/shop/0123";
  spec.security.device_rules = {"a 7:* r"};
  const std::string text = to_text(cgroup_plan(hybrid(), spec, {}));
  EXPECT_NE(text.find("devices.allow = b 7:* r\n"), std::string::npos);
  EXPECT_NE(text.find("devices.allow = c 7:* r\n"), std::string::npos);
  EXPECT_EQ(text.find("devices.allow = a"), std::string::npos);
}

}  // namespace
}  // namespace stack::runtime
