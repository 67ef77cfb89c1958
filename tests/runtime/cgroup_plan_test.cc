// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"

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
  EXPECT_EQ(to_text(cgroup_plan(hybrid(), limited())),
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
  EXPECT_EQ(to_text(cgroup_plan(v2_only(), spec)), R"(mkdir /sys/fs/cgroup
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
  EXPECT_NE(to_text(cgroup_plan(v2_only(), spec)).find("0123/pids.max = max"), std::string::npos);
}

TEST(CgroupPlan, ALimitWithoutItsControllerIsAnError) {
  CgroupLayout layout = v2_only();
  layout.unified_controllers = {"cpu"};
  try {
    cgroup_plan(layout, limited());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "memory limit: this machine has no memory cgroup controller");
  }
}

}  // namespace
}  // namespace stack::runtime
