// SPDX-License-Identifier: Apache-2.0
// Signals and threads.
#pragma once

#include <signal.h>
#include <time.h>

#include <cerrno>

namespace stack {

/// For a thread's first line: signals are for the thread that knows what to do about them.
inline void take_no_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

/// Whoever hangs up shows as EPIPE, to this thread, where there is no MSG_NOSIGNAL: for OpenSSL and
/// pipes. The disposition of the process is left alone: containers would inherit it.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const int error_number = errno;
    const timespec at_once{};
    if (::sigismember(&before_, SIGPIPE) == 0) {
      while (::sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) continue;
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error_number;
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

}  // namespace stack
