// SPDX-License-Identifier: Apache-2.0
#include "supervisor/operations_mark.h"

#include <gtest/gtest.h>

#include <optional>

#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

TEST(OperationsMark, IsThereFromTheFirstToTheLast) {
  const TemporaryDirectory directory;
  const ProjectFiles files{HostPaths{directory.path() / "data", directory.path() / "run"}, "shop"};
  EXPECT_FALSE(has_operations(files)) << "no supervisor has ever run";
  make_directories(files.run());
  std::optional<OperationsMark> mark(files.operations());
  EXPECT_FALSE(has_operations(files));
  mark->begin();
  mark->begin();
  EXPECT_TRUE(has_operations(files));
  mark->end();
  EXPECT_TRUE(has_operations(files));
  mark->end();
  EXPECT_FALSE(has_operations(files));
  mark->begin();
  mark.reset();
  EXPECT_FALSE(has_operations(files)) << "its supervisor is gone";
}

}  // namespace
}  // namespace stack::supervisor
