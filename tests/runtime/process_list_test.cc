// SPDX-License-Identifier: Apache-2.0
#include "runtime/process_list.h"

#include <gtest/gtest.h>

namespace stack::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view status = "Name:\tsh\nUid:\t1000\t1001\t1000\t1000\n";

std::string stat(std::string_view name, char state = 'S') {
  return "42 (" + std::string(name) + ") " + state +
         " 7 42 42 34816 42 4194304 100 0 0 0 150 50 0 0 20 0 1 0 123456 1000 10 184467 1 1 0\n";
}

TEST(ProcessList, TakesAProcessFromItsFiles) {
  const auto process = parse_process(stat("sh"), status, std::string_view("sh\0-c\0x y\0", 9), 100);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->pid, 42);
  EXPECT_EQ(process->parent, 7);
  EXPECT_EQ(process->user, 1001U) << "the effective one";
  EXPECT_EQ(process->terminal, 34816);
  EXPECT_EQ(process->begun, milliseconds(1234560));
  EXPECT_EQ(process->cpu, milliseconds(2000));
  EXPECT_EQ(process->command, "sh -c x y");
}

TEST(ProcessList, ANameMayHoldWhatSeparatesFields) {
  const auto process = parse_process(stat("a) S 1 (b"), status, "", 100);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->parent, 7);
  EXPECT_EQ(process->command, "[a) S 1 (b]");
}

TEST(ProcessList, AZombieIsMarked) {
  const auto process = parse_process(stat("sh", 'Z'), status, "", 100);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->command, "[sh] <defunct>");
}

TEST(ProcessList, WhatIsCutOffIsNoProcess) {
  const std::string whole = stat("sh");
  for (std::size_t size = 0; size < whole.find(" 123456"); ++size)
    EXPECT_FALSE(parse_process(whole.substr(0, size), status, "", 100)) << size;
  EXPECT_FALSE(parse_process(whole, "Uid:\tx\ty\n", "", 100));
  EXPECT_FALSE(parse_process(whole, "", "", 100));
}

}  // namespace
}  // namespace stack::runtime
