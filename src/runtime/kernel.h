// SPDX-License-Identifier: Apache-2.0
// System calls that glibc 2.36 has no function for, and the idioms for "errno or done" that code
// between clone and exec is written in (see child_report.h).
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
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

/// Closes, and leaves errno as it is: what was tried before is what is told.
inline void close_quietly(int fd) {
  const int error = errno;
  if (fd >= 0) ::close(fd);
  errno = error;
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

/// Runs `open`, which gives a descriptor or -1 with errno, in the namespace `space` of kind `kind`
/// (`own_path` is ours), and comes back. -1 with errno.
template <typename Open>
int from_namespace(int space, const char* own_path, int kind, Open open) {
  const int own = ::open(own_path, O_RDONLY | O_CLOEXEC);
  if (own < 0) return -1;
  int opened = ::setns(space, kind) == 0 ? open() : -1;
  const int error = errno;
  if (::setns(own, kind) != 0) {
    close_quietly(opened);
    opened = -1;
  } else {
    errno = error;
  }
  close_quietly(own);
  return opened;
}

/// Behaves as fork(2): 0 in the child. No atfork handlers run, no clone of threads.
inline pid_t clone3(clone_args& arguments) {
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

}  // namespace stack::runtime
