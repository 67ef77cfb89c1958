// SPDX-License-Identifier: Apache-2.0
#include "runtime/program_memory.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace stack::runtime {
namespace {

std::string candidates(const std::string& name, const std::vector<std::string>& environment) {
  return join(program_candidates(name, environment), " ");
}

TEST(ProgramCandidates, ANameIsLookedForInThePathOfTheContainer) {
  EXPECT_EQ(candidates("sh", {"A=b", "PATH=/x:/y"}), "/x/sh /y/sh");
}

TEST(ProgramCandidates, TheLastPathCounts) {
  EXPECT_EQ(candidates("sh", {"PATH=/x", "PATH=/y"}), "/y/sh");
}

TEST(ProgramCandidates, WithoutPathTheUsualPlacesAreTried) {
  EXPECT_EQ(candidates("sh", {"XPATH=/x"}),
            "/usr/local/sbin/sh /usr/local/bin/sh /usr/sbin/sh /usr/bin/sh /sbin/sh /bin/sh");
}

TEST(ProgramCandidates, ANameWithASlashIsAPath) {
  EXPECT_EQ(candidates("./run", {"PATH=/x"}), "./run");
}

TEST(ProgramCandidates, AnEmptyEntryIsTheWorkingDirectory) {
  EXPECT_EQ(candidates("run", {"PATH=:/x"}), "./run /x/run");
}

TEST(ProgramMemory, GoesToThePlainFormOfTheWorkingDirectory) {
  SecuritySpec privileged;
  privileged.privileged = true;
  const auto directory = [&](const std::string& written) {
    ProcessSpec process;
    process.arguments = {"true"};
    process.working_directory = written;
    return std::string(ProgramMemory(process, privileged, {}, {}, {}).task().working_directory);
  };
  EXPECT_EQ(directory("/app/"), "/app");
  EXPECT_EQ(directory("/a/.././b//c/."), "/b/c");
  EXPECT_EQ(directory("//x"), "/x");
  EXPECT_EQ(directory("/../.."), "/");
}

TEST(ProgramMemory, LeavesRoomForHomeUnlessItIsThere) {
  ProcessSpec process;
  process.arguments = {"true"};
  process.environment = {"A=b"};
  SecuritySpec privileged;
  privileged.privileged = true;
  const ProgramMemory without(process, privileged, {}, {}, {});
  ASSERT_NE(without.task().home_slot, nullptr);
  EXPECT_EQ(without.task().home_slot, without.task().environment + 1);
  EXPECT_EQ(without.task().environment[2], nullptr);
  process.environment = {"HOME=", "A=b"};
  const ProgramMemory empty(process, privileged, {}, {}, {});
  EXPECT_EQ(empty.task().home_slot, empty.task().environment + 1);
  process.environment.push_back("HOME=/h");
  const ProgramMemory with(process, privileged, {}, {}, {});
  EXPECT_EQ(with.task().home_slot, nullptr);
  EXPECT_TRUE(with.task().seccomp.empty()) << "privileged programs have no filter";
}

}  // namespace
}  // namespace stack::runtime
