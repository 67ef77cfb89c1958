// SPDX-License-Identifier: Apache-2.0
// The program that kernel tests run: a keeper with its supervisors, or the test itself, by argv[0],
// as the real program's main() does.
#include <gtest/gtest.h>

#include <string_view>

#include "supervisor/entry_points.h"

int main(int argc, char** argv) {
  const std::string_view name = argv[0];
  if (name == "stack-keeper") stack::supervisor::keeper_main(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
