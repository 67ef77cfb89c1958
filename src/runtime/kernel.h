// SPDX-License-Identifier: Apache-2.0
// System calls that glibc 2.36 has no function for, and the two idioms for "errno or done" that
// code between clone and exec is written in (see child_report.h).
#pragma once

#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace stack::runtime {

/// errno of a call that answers -1 for failure, else 0.
template <typename Result>
int errno_of(Result result) {
  return result < 0 ? errno : 0;
}

inline int openat2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve,
                   mode_t mode = 0) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    // EAGAIN: a rename raced with the walk; the kernel asks to try again (openat2(2)).
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

/// Behaves as fork(2): 0 in the child. No atfork handlers run, no clone of threads.
inline pid_t clone3(clone_args& arguments) {
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

}  // namespace stack::runtime
