// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_abilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/capabilities.h"

namespace stack::runtime {
namespace {

HostAbilities v1_machine() {
  HostAbilities host;
  for (const char* name : {"memory", "cpu", "pids", "blkio", "devices", "freezer"})
    host.cgroups.v1.push_back({std::string("/sys/fs/cgroup/") + name, {name}});
  return host;
}

TEST(HostAbilities, EachNeedHasARowThatSaysWhatItCosts) {
  for (int index = 0; index <= static_cast<int>(Need::apparmor); ++index) {
    const HostNeed& need = host_need(static_cast<Need>(index));
    EXPECT_EQ(need.need, static_cast<Need>(index));
    EXPECT_FALSE(need.name.empty() || need.lacking.empty() || need.costs.empty() ||
                 need.cure.empty())
        << need.name;
  }
}

TEST(HostAbilities, TheV1FileDecidesWhereTheControllerIsV1s) {
  HostAbilities host = v1_machine();
  host.cgroups.unified = "/sys/fs/cgroup/unified";
  EXPECT_EQ(find_need(Need::swap, host), "v1");
  host.missing_files = {"memory.memsw.limit_in_bytes", "memory.swap.max"};
  EXPECT_EQ(find_need(Need::swap, host), std::nullopt);
  EXPECT_EQ(find_need(Need::memory, host), "v1");
  EXPECT_EQ(find_need(Need::cpuset, host), std::nullopt);
}

TEST(HostAbilities, ATreeOfV2FiltersDevicesAndFreezesWithoutControllers) {
  HostAbilities host;
  EXPECT_EQ(find_need(Need::devices, host), std::nullopt);
  EXPECT_EQ(find_need(Need::freezer, host), std::nullopt);
  host.cgroups.unified = "/sys/fs/cgroup";
  EXPECT_EQ(find_need(Need::devices, host), "v2");
  EXPECT_EQ(find_need(Need::freezer, host), "v2");
}

/// Runs `check` in a child that may do nothing any more, though it could be given everything: its
/// exit code.
template <typename Check>
int without_effective_capabilities(Check check) {
  const pid_t child = ::fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    ::_exit(::syscall(SYS_capset, &header, data) != 0 ? 99 : check());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(HostAbilities, WhatOneMayDoIsNotWhatOneCouldBeGiven) {
  EXPECT_EQ(without_effective_capabilities([] { return own_effective_set() == 0 ? 0 : 1; }), 0);
  EXPECT_EQ(without_effective_capabilities([] { return host_abilities().may_raise_limits; }), 0);
}

}  // namespace
}  // namespace stack::runtime
