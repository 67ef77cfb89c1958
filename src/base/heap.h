// SPDX-License-Identifier: Apache-2.0
// Where the memory of a command comes from.
#pragma once

namespace stack {

/// From now on the heap grows on large pages where the kernel gives them (madvise(2):
/// MADV_HUGEPAGE; x86: 2 MiB): one page fault instead of hundreds for a command that reads a stack.
/// What is resident may be 2 MiB more, until malloc_trim(3). To be called before the heap is in use
/// by threads. A kernel without such pages costs nothing and changes nothing.
void put_heap_on_large_pages();

/// The same for who has allocated nothing yet, which is the case in functions of .preinit_array
/// only: there is no old part of the heap that would have to be filled first. Does nothing when
/// there is a heap already.
void begin_heap_on_large_pages();

}  // namespace stack
