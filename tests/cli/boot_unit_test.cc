// SPDX-License-Identifier: Apache-2.0
#include "cli/boot_unit.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

TEST(BootUnit, RunsTheProgramOnce) {
  const std::string unit = boot_unit("/usr/bin/stack", {});
  EXPECT_NE(unit.find("\nType=oneshot\nRemainAfterExit=yes\n"), std::string::npos) << unit;
  EXPECT_NE(unit.find("\nExecStart=\"/usr/bin/stack\" boot\n"), std::string::npos) << unit;
  EXPECT_EQ(unit.find("Environment="), std::string::npos);
}

TEST(BootUnit, SystemdReadsUnusualPathsAsTheyAre) {
  const std::string unit =
      boot_unit("/opt/a \"b\"/100%/$x/stack", {{"STACK_ROOT", "/srv/my stacks"}});
  EXPECT_NE(unit.find("ExecStart=\"/opt/a \\\"b\\\"/100%%/$$x/stack\" boot\n"), std::string::npos)
      << unit;
  EXPECT_NE(unit.find("Environment=\"STACK_ROOT=/srv/my stacks\"\n"), std::string::npos) << unit;
}

}  // namespace
}  // namespace stack::cli
