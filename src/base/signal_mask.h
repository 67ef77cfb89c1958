// SPDX-License-Identifier: Apache-2.0
// Signals and threads.
#pragma once

#include <signal.h>
#include <time.h>

#include <cerrno>

namespace stack {

/// All signals do what they do by themselves, and none is blocked: whoever is started has nothing
/// of what whoever started us ignores. System calls alone.
inline void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number <= 64; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// For a command's first line. Where SIGCHLD is ignored the kernel keeps no child for us to wait
/// for, and where Ctrl-C is blocked nothing ends us: neither is meant for those whom a program
/// starts. What else is ignored stays so (nohup(1)).
inline void hear_of_children_and_signals() {
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

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
