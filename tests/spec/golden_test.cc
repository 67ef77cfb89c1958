// SPDX-License-Identifier: Apache-2.0
// Bad files and what is said about them, compared as text: golden/NAME/{compose.yaml,expected.txt}.
// STACK_UPDATE_GOLDEN=1 writes the answers anew, for a person to read before committing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "folder.h"
#include "load_text.h"

namespace stack::spec {
namespace {

std::string answer_to(const std::filesystem::path& file) {
  return load_text(read_file(file)).diagnostics.to_text();
}

class BadFile : public testing::TestWithParam<std::string> {};

TEST_P(BadFile, IsExplainedAtItsLineWithAHint) {
  const auto folder = std::filesystem::path("golden") / GetParam();
  const auto answer = answer_to(folder / "compose.yaml");
  if (std::getenv("STACK_UPDATE_GOLDEN") != nullptr)
    std::ofstream(folder / "expected.txt") << answer;
  EXPECT_EQ(answer, read_file(folder / "expected.txt"));
}

INSTANTIATE_TEST_SUITE_P(Golden, BadFile, testing::ValuesIn(list_directory("golden")), name_of);

}  // namespace
}  // namespace stack::spec
