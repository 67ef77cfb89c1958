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

/// Moves the break, so that the heap goes on a page before a boundary of large pages: malloc(3)
/// takes a break that others have moved for one of theirs, and goes on behind it. Its first writes
/// there fall before the boundary: behind it a small page would rule out a large one. The boundary,
/// or 0.
std::uintptr_t move_break() {
  const std::uintptr_t end = address(::sbrk(0));
  const std::uintptr_t begin = (end + page + large_page - 1) / large_page * large_page;
  const auto distance = static_cast<std::intptr_t>(begin - page - end);
  if (address(::sbrk(distance)) != end) return 0;
  ::mallopt(M_TOP_PAD, static_cast<int>(large_page));
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * large_page));
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(large_page / 2));
  return begin;
}

/// `begin`: the boundary. `pointer`: to what was allocated last.
void ask_for_large_page(std::uintptr_t begin, const void* pointer) {
  const bool is_there = reinterpret_cast<std::uintptr_t>(pointer) >= begin - page &&
                        address(::sbrk(0)) >= begin + large_page;
  if (is_there) ::madvise(reinterpret_cast<void*>(begin), large_page, MADV_HUGEPAGE);
}

void take(std::size_t size, Piece*& pieces) {
  void* const memory = std::malloc(size);
  if (memory != nullptr) pieces = new (memory) Piece{pieces};
}

}  // namespace

void put_heap_on_large_pages() {
  const std::uintptr_t begin = move_break();
  if (begin == 0) return;
  // What is left of the old part, whole and then in pieces, until a piece is of the new one.
  Piece* pieces = nullptr;
  const std::size_t left = ::mallinfo2().keepcost;
  if (left > page) take(left - page / 8, pieces);
  for (int tries = 0; tries < 100 && address(pieces) < begin - page; ++tries)
    take(page / 4, pieces);
  ask_for_large_page(begin, pieces);
  while (pieces != nullptr) std::free(std::exchange(pieces, pieces->before));
}

void begin_heap_on_large_pages() {
  if (::mallinfo2().arena != 0) return;
  const std::uintptr_t begin = move_break();
  if (begin == 0) return;
  void* const first = std::malloc(page / 8);
  ask_for_large_page(begin, first);
  std::free(first);
}

}  // namespace stack
