// SPDX-License-Identifier: Apache-2.0
#include "base/borrowing_child.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/inquiry.h"

namespace stack {
namespace {

#if defined(__x86_64__)

/// clone3(2): the child calls `body` on a stack that holds no way back to here, which C++ cannot
/// say. -1 and errno, as all system calls.
pid_t clone_and_call(clone_args& arguments, BorrowingBody body, void* argument) {
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[argument], %%rdi\n\t"
      "callq *%[body]\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [body] "r"(body), [argument] "r"(argument)
      : "rcx", "r11", "cc", "memory");
  if (result >= 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  return -1;
}

pid_t clone_borrowing(clone_args& arguments, std::span<char> stack, BorrowingBody body,
                      void* argument) {
  arguments.flags |= CLONE_VM | CLONE_VFORK;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack.data());
  arguments.stack_size = stack.size() / 16 * 16;  // x86-64: calls are made on multiples of 16
  return clone_and_call(arguments, body, argument);
}

#else

pid_t clone_borrowing(clone_args& arguments, std::span<char>, BorrowingBody body, void* argument) {
  const auto child = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (child != 0) return child;
  body(argument);
  ::_exit(126);
}

#endif

}  // namespace

pid_t start_borrowing_child(std::span<char> stack, int cgroup, BorrowingBody body, void* argument) {
  void_inquiry();
  clone_args arguments{};
  arguments.flags = CLONE_CLEAR_SIGHAND;
  arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<__u64>(cgroup);
  }
  return clone_borrowing(arguments, stack, body, argument);
}

}  // namespace stack
