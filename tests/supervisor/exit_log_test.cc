// SPDX-License-Identifier: Apache-2.0
#include "supervisor/exit_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

TEST(ExitLog, TellsProcessStatusAndTime) {
  const auto record = parse_exit_record("71 123456 1792 1700000000000000001");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->process, (ProcessIdentity{71, 123456}));
  EXPECT_EQ(exit_code_of(record->wait_status), 7);
  EXPECT_EQ(record->time.time_since_epoch().count(), 1700000000000000001);
}

TEST(ExitLog, RefusesWhatItDidNotWrite) {
  for (const char* line : {"", "1 2 3", "1 2 3 4 5", "a 2 3 4", "1 2 3 "})
    EXPECT_FALSE(parse_exit_record(line)) << line;
}

TEST(ExitLog, IsReadOnAsItGrowsAndNeverHalfALine) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "exits";
  ExitLog log(path);
  EXPECT_TRUE(log.read_new().empty());
  std::ofstream file(path);
  file << "1 10 0 5\n2 20 0 5\n3 3" << std::flush;
  EXPECT_EQ(log.read_new().size(), 2U);
  EXPECT_EQ(log.read_new().size(), 0U);
  file << "0 256 5\n" << std::flush;
  const auto rest = log.read_new();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].process, (ProcessIdentity{3, 30}));
}

TEST(ExitLog, IsReadAgainWhenItWasCutShort) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "exits";
  ExitLog log(path);
  std::ofstream(path) << "\n1 10 0 5\n\n2 20 0 5\n";
  EXPECT_EQ(log.read_new().size(), 2U);
  std::ofstream(path) << "\n1 10 0";
  EXPECT_EQ(log.read_new().size(), 0U);
  std::ofstream(path, std::ios::app) << "\n3 30 256 5\n";
  const auto rest = log.read_new();
  ASSERT_EQ(rest.size(), 1U) << "the half line must not swallow it";
  EXPECT_EQ(rest[0].process, (ProcessIdentity{3, 30}));
}

}  // namespace
}  // namespace stack::supervisor
