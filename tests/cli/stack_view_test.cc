// SPDX-License-Identifier: Apache-2.0
#include "cli/stack_view.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

StackSummary shop(std::map<std::string, int> states) {
  StackSummary stack;
  stack.name = "shop";
  stack.states = std::move(states);
  return stack;
}

TEST(StackView, StatesAreCounted) {
  EXPECT_EQ(status_of(shop({{"running", 2}, {"exited", 1}})), "exited(1), running(2)");
  EXPECT_EQ(status_of(shop({})), "");
}

TEST(StackView, AliveIsWhatRunsOrWillByItself) {
  EXPECT_TRUE(is_alive(shop({{"exited", 2}, {"restarting", 1}})));
  EXPECT_TRUE(is_alive(shop({{"paused", 1}})));
  EXPECT_FALSE(is_alive(shop({{"exited", 2}, {"created", 1}, {"data", 1}})));
}

TEST(StackView, FilesAreListedAndNobodysAreNotAvailable) {
  StackSummary stack = shop({});
  EXPECT_EQ(files_of(stack), "N/A");
  stack.files = {"/a/stack.yaml", "/b.yaml"};
  EXPECT_EQ(files_of(stack), "/a/stack.yaml,/b.yaml");
}

TEST(StackView, WhatBelongsToNoStackIsNone) {
  EXPECT_TRUE(is_stack("shop"));
  EXPECT_FALSE(is_stack("@networks"));
}

}  // namespace
}  // namespace stack::cli
