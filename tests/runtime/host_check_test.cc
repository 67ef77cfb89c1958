// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_check.h"

#include <gtest/gtest.h>

#include "base/format.h"

namespace stack::runtime {
namespace {

HostAbilities v2_machine() {
  HostAbilities host;
  host.cgroups.unified = "/sys/fs/cgroup";
  host.cgroups.unified_controllers = {"cpuset", "cpu", "io", "memory", "pids"};
  host.processors = "0-1,4";
  host.hard_limits = {{"nofile", 1000}, {"core", -1}};
  return host;
}

std::string told(const ContainerSpec& spec, const HostAbilities& host) {
  std::string text;
  for (const Unmet& each : unmet(spec, host))
    text += fmt::format("{} {}: {}\n", each.severity == Severity::error ? "error" : "warning",
                        each.key, each.sentence);
  return text;
}

TEST(HostCheck, WhoAsksForNothingLacksNothing) {
  EXPECT_EQ(told({}, {}), "");
}

TEST(HostCheck, LessMemoryThanAProgramNeedsIsRefusedInDockersWords) {
  ContainerSpec spec;
  spec.resources.memory_limit = (6U << 20U) - 1;
  spec.resources.memory_reservation = 5U << 20U;
  EXPECT_EQ(told(spec, v2_machine()),
            "error mem_limit: Minimum memory limit allowed is 6MB\n"
            "error mem_reservation: Minimum memory reservation allowed is 6MB\n");
  spec.resources.memory_limit = 6U << 20U;
  spec.resources.memory_reservation = 0;
  EXPECT_EQ(told(spec, v2_machine()), "");
}

TEST(HostCheck, MoreProcessorsThanThereAreAreRefusedInDockersWords) {
  ContainerSpec spec;
  spec.resources.cpus = 3;
  EXPECT_EQ(told(spec, v2_machine()), "");
  spec.resources.cpus = 3.01;
  EXPECT_EQ(told(spec, v2_machine()),
            "error cpus: range of CPUs is from 0.01 to 3.00, as there are only 3 CPUs available\n");
}

TEST(HostCheck, PeriodsThatTheKernelWouldRefuseAreRefusedInDockersWords) {
  ContainerSpec spec;
  spec.resources.cpu_period = 10;
  spec.resources.cpu_quota = 999;
  EXPECT_EQ(
      told(spec, v2_machine()),
      "error cpu_period: CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s "
      "(i.e. 1000000)\n"
      "error cpu_quota: CPU cfs quota can not be less than 1ms (i.e. 1000)\n");
  spec.resources.cpu_period = 1000;
  spec.resources.cpu_quota = -1;
  EXPECT_EQ(told(spec, v2_machine()), "");
}

TEST(HostCheck, IdsOfItsOwnNeedUserNamespaces) {
  ContainerSpec spec;
  spec.namespaces.user.kind = NamespaceKind::own;
  HostAbilities host = v2_machine();
  EXPECT_EQ(told(spec, host), "error userns_mode: no user namespace can be made on this machine\n");
  host.user_namespaces = true;
  EXPECT_EQ(told(spec, host), "");
}

TEST(HostCheck, ProcessorsMustBeThere) {
  ContainerSpec spec;
  spec.resources.cpuset = "0,4";
  EXPECT_EQ(told(spec, v2_machine()), "");
  spec.resources.cpuset = "0-4";
  EXPECT_EQ(told(spec, v2_machine()),
            "error cpuset: processor 2 is not there: asked for 0-4, the machine has 0-1,4\n");
}

TEST(HostCheck, WhatCgroupV2DoesNotHave) {
  ContainerSpec spec;
  spec.resources.memory_swappiness = 5;
  spec.resources.oom_kill_disable = true;
  spec.resources.cpu_rt_runtime = 1000;
  EXPECT_EQ(
      told(spec, v2_machine()),
      "warning mem_swappiness: cgroups of this machine have no swappiness: the container runs "
      "without that limit\n"
      "warning oom_kill_disable: cgroup v2 cannot keep a group from being killed for memory: "
      "the container runs without that limit\n"
      "error cpu_rt_runtime: cgroups of this machine have no real-time budgets\n");
}

TEST(HostCheck, ARangeOfAnyWidthIsChecked) {
  ContainerSpec spec;
  for (const char* wide : {"0-8193", "0-4294967295", "1-100000"}) {
    spec.resources.cpuset = wide;
    EXPECT_EQ(told(spec, v2_machine()),
              fmt::format("error cpuset: processor 2 is not there: asked for {}, the machine has "
                          "0-1,4\n",
                          wide));
  }
}

TEST(HostCheck, EachRealTimeKeyIsRefusedAtItsOwnLine) {
  ContainerSpec spec;
  spec.resources.cpu_rt_period = 1000;
  EXPECT_EQ(told(spec, v2_machine()),
            "error cpu_rt_period: cgroups of this machine have no real-time budgets\n");
}

TEST(HostCheck, CgroupV2MayLackSwapAccountingAndWeights) {
  ContainerSpec spec;
  spec.resources.memory_swap = 1U << 30;
  spec.resources.block.weight = 100;
  HostAbilities host = v2_machine();
  EXPECT_EQ(told(spec, host), "");
  host.missing_files = {"memory.swap.max", "io.bfq.weight"};
  const std::string swap =
      "warning memswap_limit: cgroups of this machine do not account for swap: the container runs "
      "without that limit\n";
  EXPECT_EQ(told(spec, host), swap) << "io.weight does as well";
  host.missing_files.insert("io.weight");
  EXPECT_EQ(told(spec, host),
            swap +
                "warning blkio_config: the kernel has no scheduler of block devices with weights "
                "(BFQ): the container runs without that limit\n");
}

TEST(HostCheck, AProfileThatIsNotLoadedIsRefused) {
  ContainerSpec spec;
  spec.security.apparmor = "web server";
  HostAbilities host = v2_machine();
  EXPECT_EQ(told(spec, host),
            "warning security_opt: the kernel has no AppArmor: profile \"web server\" has no "
            "effect\n");
  host.apparmor = true;
  EXPECT_EQ(told(spec, host), "") << "nobody lets us see what is loaded";
  host.apparmor_profiles =
      parse_apparmor_profiles("web server (enforce)\nfirefox//browser (kill)\n");
  EXPECT_EQ(told(spec, host), "");
  spec.security.apparmor = "web";
  EXPECT_EQ(told(spec, host), "error security_opt: the AppArmor profile \"web\" is not loaded\n");
  spec.security.apparmor = "unconfined";
  EXPECT_EQ(told(spec, host), "");
}

TEST(HostCheck, WithoutControllersOnlyCpusIsRefusedAsByDocker) {
  HostAbilities host = v2_machine();
  host.cgroups.unified_controllers = {};
  ContainerSpec spec;
  spec.resources.memory_limit = 1U << 30;
  spec.resources.cpus = 1;
  spec.resources.pids_limit = 5;
  EXPECT_EQ(told(spec, host),
            "warning mem_limit: this machine has no memory cgroup controller: the container runs "
            "without that limit\n"
            "error cpus: cgroups of this machine have no quotas of cpu time\n"
            "warning pids_limit: this machine has no pids cgroup controller: the container runs "
            "without that limit\n");
}

TEST(HostCheck, LimitsAboveOurOwnNeedTheRightToRaiseThem) {
  ContainerSpec spec;
  spec.process.ulimits = {{"nofile", {1, 1001}}, {"core", {-1, -1}}};
  spec.process.oom_score_adj = -1;
  HostAbilities host = v2_machine();
  EXPECT_EQ(
      told(spec, host),
      "error ulimits.nofile: ulimit nofile cannot be 1001: stack itself may not have more than "
      "1000\n"
      "error oom_score_adj: oom_score_adj cannot be -1: stack may not go below 0\n");
  host.may_raise_limits = true;
  EXPECT_EQ(told(spec, host), "");
}

TEST(HostCheck, WhatWhoeverStartedUsLeftAndWeCannotUndoIsTold) {
  HostAbilities host = v2_machine();
  host.no_new_privileges = true;
  host.hard_limits["cpu"] = 2;
  ContainerSpec spec;
  EXPECT_EQ(told(spec, host),
            "warning security_opt: stack was started with no_new_privs: setuid programs and file "
            "capabilities have no effect in the container\n"
            "warning ulimits.cpu: whoever started stack limits cpu to 2, and so the container\n");
  spec.security.no_new_privileges = true;
  spec.process.ulimits = {{"cpu", {1, 1}}};
  EXPECT_EQ(told(spec, host), "");
}

TEST(HostCheck, ALowerScoreThanOursIsTakenWhereItMayBeHad) {
  HostAbilities host = v2_machine();
  ContainerSpec spec;
  spec.process.oom_score_adj = 0;
  EXPECT_EQ(told(spec, host), "");
  host.lowest_oom_score_adj = 500;
  EXPECT_EQ(told(spec, host),
            "error oom_score_adj: oom_score_adj cannot be 0: stack may not go below 500\n");
}

TEST(HostCheck, DevicesMustBeDevices) {
  ContainerSpec spec;
  spec.security.devices = {
      {"/dev/null", "/dev/a", "r"}, {"/nosuch", "/dev/b", "r"}, {"/proc/version", "/dev/c", "r"}};
  EXPECT_EQ(told(spec, v2_machine()),
            "error devices.1: device /nosuch does not exist\n"
            "error devices.2: device /proc/version is no device node\n");
}

}  // namespace
}  // namespace stack::runtime
