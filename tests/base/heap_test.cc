// SPDX-License-Identifier: Apache-2.0
#include "base/heap.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "tests/base/memory_flags.h"

namespace stack {
namespace {

TEST(Heap, IsPutOnLargePages) {
  if (!test::has_large_pages()) GTEST_SKIP() << "this kernel has none";
  put_heap_on_large_pages();
  // What is free in the old part is used first.
  std::vector<std::unique_ptr<char[]>> memory;
  bool is_there = false;
  for (int tries = 0; tries < 4000 && !is_there; ++tries) {
    memory.push_back(std::make_unique<char[]>(1000));
    is_there =
        tries % 100 == 99 && test::flags_at(memory.back().get()).find(" hg ") != std::string::npos;
  }
  EXPECT_TRUE(is_there) << test::flags_at(memory.back().get());
}

TEST(Heap, IsLeftWhereItIsWhenSomethingIsInIt) {
  const auto before = std::make_unique<char[]>(1000);
  void* const end = ::sbrk(0);
  begin_heap_on_large_pages();
  EXPECT_EQ(::sbrk(0), end);
}

}  // namespace
}  // namespace stack
