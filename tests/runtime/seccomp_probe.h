// SPDX-License-Identifier: Apache-2.0
// System calls by number on each of the three ABIs, from 64-bit code.
#pragma once

namespace stack::runtime::testing {

enum class ProbedAbi { x86_64, i386, x32 };

/// What the kernel returns: -errno, or the result. The arguments from the third on are 0.
inline long make_call(ProbedAbi abi, unsigned number, long first, long second) {
  long answer = 0;
  if (abi == ProbedAbi::i386) {
    int result = 0;
    // The kernel takes the lower halves; older ones clear r8 to r11.
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "a"(number), "b"(static_cast<int>(first)), "c"(static_cast<int>(second)), "d"(0),
                   "S"(0), "D"(0)
                 : "r8", "r9", "r10", "r11", "memory");
    return result;
  }
  const unsigned long raw = number | (abi == ProbedAbi::x32 ? 0x40000000UL : 0);
  register long fourth asm("r10") = 0;
  register long fifth asm("r8") = 0;
  register long sixth asm("r9") = 0;
  asm volatile("syscall"
               : "=a"(answer)
               : "a"(raw), "D"(first), "S"(second), "d"(0L), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return answer;
}

}  // namespace stack::runtime::testing
