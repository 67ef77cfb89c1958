// SPDX-License-Identifier: Apache-2.0
#include "base/heap.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/files.h"
#include "base/text.h"

namespace stack {
namespace {

/// Flags of the mapping that an address is in (proc(5): smaps), " hg " among them.
std::string flags_at(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  bool is_inside = false;
  for (const std::string& line : split(read_file("/proc/self/smaps"), '\n')) {
    std::size_t end = 0;
    const std::size_t dash = line.find('-');
    if (dash != std::string::npos && line.find(':') > dash) {
      const auto first = std::stoull(line, &end, 16);
      const auto last = std::stoull(line.substr(dash + 1), nullptr, 16);
      is_inside = end == dash && first <= address && address < last;
    } else if (is_inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(Heap, IsPutOnLargePages) {
  if (!read_file_if_exists("/sys/kernel/mm/transparent_hugepage/enabled"))
    GTEST_SKIP() << "this kernel has no large pages";
  put_heap_on_large_pages();
  // What is free in the old part is used first.
  std::vector<std::unique_ptr<char[]>> memory;
  bool is_there = false;
  for (int tries = 0; tries < 4000 && !is_there; ++tries) {
    memory.push_back(std::make_unique<char[]>(1000));
    is_there = tries % 100 == 99 && flags_at(memory.back().get()).find(" hg ") != std::string::npos;
  }
  EXPECT_TRUE(is_there) << flags_at(memory.back().get());
}

}  // namespace
}  // namespace stack
