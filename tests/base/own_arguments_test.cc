// SPDX-License-Identifier: Apache-2.0
#include "base/own_arguments.h"

#include <gtest/gtest.h>

#include <string>

namespace stack {
namespace {

TEST(OwnArguments, AreOverwrittenWhole) {
  static char memory[] = "stack-keeper\0shop\0";  // to the end of the process: it is noted
  char* arguments[] = {memory, memory + 13, memory + 18};
  const auto text = [] { return std::string(std::begin(memory), std::end(memory)); };
  note_own_arguments(3, arguments);
  overwrite_own_arguments("stack-init");
  EXPECT_EQ(text(), "stack-init" + std::string(9, '\0'));
  overwrite_own_arguments("a name that is longer than all that there was");
  EXPECT_EQ(text(), "a name that is long");
}

}  // namespace
}  // namespace stack
