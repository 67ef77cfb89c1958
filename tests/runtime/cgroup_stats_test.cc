// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_stats.h"

#include <gtest/gtest.h>

#include <map>

#include "runtime/freezer.h"

namespace stack::runtime {
namespace {

using Files = std::map<std::string, std::string>;

ResourceUsage usage(const CgroupLayout& layout, const Files& files) {
  return usage_of(layout, "stack/shop/1", [&](const std::string& path) {
    const auto file = files.find(path);
    return file == files.end() ? "" : file->second;
  });
}

CgroupLayout v2() {
  CgroupLayout layout;
  layout.unified = "/cg";
  return layout;
}

TEST(CgroupStats, AreReadFromV2) {
  const ResourceUsage used =
      usage(v2(), {{"/cg/stack/shop/1/cpu.stat", "usage_usec 2500\nuser_usec 2000\n"},
                   {"/cg/stack/shop/1/memory.current", "1000000\n"},
                   {"/cg/stack/shop/1/memory.stat", "anon 5\ninactive_file 300000\n"},
                   {"/cg/stack/shop/1/memory.max", "67108864\n"},
                   {"/cg/stack/shop/1/io.stat",
                    "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
                    "254:1 rbytes=1 wbytes=2 rios=1 wios=1\n"},
                   {"/cg/stack/shop/1/pids.current", "7\n"}});
  EXPECT_EQ(used.cpu, std::chrono::microseconds(2500));
  EXPECT_EQ(used.memory, 700000U);
  EXPECT_EQ(used.memory_limit, 67108864U);
  EXPECT_EQ(used.block_read, 4097U);
  EXPECT_EQ(used.block_written, 8194U);
  EXPECT_EQ(used.tasks, 7U);
}

TEST(CgroupStats, AreReadFromV1WhereThatHasTheController) {
  CgroupLayout layout = v2();
  layout.v1 = {{"/v1/cpuacct", {"cpuacct"}},
               {"/v1/memory", {"memory"}},
               {"/v1/pids", {"pids"}},
               {"/v1/blkio", {"blkio"}}};
  const ResourceUsage used =
      usage(layout,
            {{"/cg/stack/shop/1/cpu.stat", "usage_usec 1\n"},
             {"/v1/cpuacct/stack/shop/1/cpuacct.usage", "2500\n"},
             {"/v1/memory/stack/shop/1/memory.usage_in_bytes", "1000\n"},
             {"/v1/memory/stack/shop/1/memory.stat", "inactive_file 1\ntotal_inactive_file 400\n"},
             {"/v1/memory/stack/shop/1/memory.limit_in_bytes", "9223372036854771712\n"},
             {"/v1/blkio/stack/shop/1/blkio.throttle.io_service_bytes_recursive",
              "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\nTotal 12288\n"},
             {"/v1/pids/stack/shop/1/pids.current", "3\n"}});
  EXPECT_EQ(used.cpu, std::chrono::nanoseconds(2500));
  EXPECT_EQ(used.memory, 600U);
  EXPECT_EQ(used.memory_limit, 0U) << "the kernel's way to say: none";
  EXPECT_EQ(used.block_read, 4096U);
  EXPECT_EQ(used.block_written, 8192U);
  EXPECT_EQ(used.tasks, 3U);
}

TEST(CgroupStats, WhatNobodyCountsIsZero) {
  EXPECT_EQ(usage(v2(), {}), ResourceUsage{});
  EXPECT_EQ(usage({}, {}), ResourceUsage{});
  EXPECT_EQ(usage(v2(), {{"/cg/stack/shop/1/memory.max", "max\n"}}).memory_limit, 0U);
}

TEST(NetworkUsage, IsTheSumOfAllLinksButLoopback) {
  const NetworkUsage used = parse_network_usage(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
      "    lo: 9999 9 0 0 0 0 0 0 9999 9 0 0 0 0 0 0\n"
      "  eth0:  1500      10    0    0    0     0          0         0     2500      12 0 0 0 0 0 "
      "0\n"
      "  eth1:1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n");
  EXPECT_EQ(used.received, 1501U);
  EXPECT_EQ(used.sent, 2502U);
  EXPECT_EQ(parse_network_usage("nonsense: 1 2\n"), NetworkUsage{});
}

TEST(Freezer, IsReadFromBothKinds) {
  EXPECT_EQ(parse_freezer_v2("0\n", "populated 1\nfrozen 0\n"), Freezer::thawed);
  EXPECT_EQ(parse_freezer_v2("1\n", "populated 1\nfrozen 0\n"), Freezer::freezing);
  EXPECT_EQ(parse_freezer_v2("1\n", "populated 1\nfrozen 1\n"), Freezer::frozen);
  EXPECT_EQ(parse_freezer_v2("", ""), Freezer::thawed);
  EXPECT_EQ(parse_freezer_v1("FROZEN\n"), Freezer::frozen);
  EXPECT_EQ(parse_freezer_v1("FREEZING\n"), Freezer::freezing);
  EXPECT_EQ(parse_freezer_v1("THAWED\n"), Freezer::thawed);
  EXPECT_EQ(parse_freezer_v1(""), Freezer::thawed);
}

}  // namespace
}  // namespace stack::runtime
