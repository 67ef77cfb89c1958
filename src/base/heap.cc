// SPDX-License-Identifier: Apache-2.0
#include "base/heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace stack {
namespace {

constexpr std::uintptr_t page = 4096;
constexpr std::uintptr_t large_page = 2 << 20;

std::uintptr_t address(void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

struct Piece {
  Piece* before;
};

void take(std::size_t size, Piece*& pieces) {
  void* const memory = std::malloc(size);
  if (memory != nullptr) pieces = new (memory) Piece{pieces};
}

}  // namespace

void put_heap_on_large_pages() {
  // malloc(3) takes a break that others have moved for one of theirs, and goes on behind it. Its
  // first writes there fall before the boundary: behind it a small page would rule out a large one.
  const std::uintptr_t end = address(::sbrk(0));
  const std::uintptr_t begin = (end + page + large_page - 1) / large_page * large_page;
  const std::uintptr_t start = begin - page;
  if (address(::sbrk(static_cast<std::intptr_t>(start - end))) != end) return;
  ::mallopt(M_TOP_PAD, static_cast<int>(large_page));
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * large_page));
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(large_page / 2));
  // What is left of the old part, whole and then in pieces, until a piece is of the new one.
  Piece* pieces = nullptr;
  const std::size_t left = ::mallinfo2().keepcost;
  if (left > page) take(left - page / 8, pieces);
  for (int tries = 0; tries < 100 && address(pieces) < start; ++tries) take(page / 4, pieces);
  if (address(pieces) >= start && address(::sbrk(0)) >= begin + large_page)
    ::madvise(reinterpret_cast<void*>(begin), large_page, MADV_HUGEPAGE);
  while (pieces != nullptr) std::free(std::exchange(pieces, pieces->before));
}

}  // namespace stack
