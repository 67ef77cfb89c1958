// SPDX-License-Identifier: Apache-2.0
// Signals and threads.
#pragma once

#include <signal.h>

namespace stack {

/// For a thread's first line: signals are for the thread that knows what to do about them.
inline void take_no_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace stack
