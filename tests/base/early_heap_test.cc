// SPDX-License-Identifier: Apache-2.0
// A program of its own: its heap is placed before anybody has allocated anything.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "base/heap.h"
#include "tests/base/memory_flags.h"

namespace stack {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

std::uintptr_t first_break = 0;

void place_heap() {
  first_break = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  begin_heap_on_large_pages();
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const before_all)() = place_heap;

constexpr std::uintptr_t large_page = 2 << 20;

TEST(EarlyHeap, IsOnALargePageFromItsSecondPageOn) {
  if (!test::has_large_pages()) GTEST_SKIP() << "this kernel has none";
  const auto memory = std::make_unique<char[]>(10'000);
  EXPECT_NE(test::flags_at(memory.get()).find(" hg "), std::string::npos);
  const auto place = reinterpret_cast<std::uintptr_t>(memory.get());
  EXPECT_LT(place / large_page, first_break / large_page + 3);
}

#endif

}  // namespace
}  // namespace stack
