// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a count: the first asks, the second insists, the third leaves at once.
#pragma once

#include <signal.h>

namespace stack::cli {

/// Counts SIGINT and SIGTERM from now on instead of dying of them, and notes SIGHUP, unless
/// it is ignored: a terminal that goes away ends the looking, not the stack. The third ends the
/// process there and then, with the code of an interruption: what is under way is the supervisor's,
/// and goes on.
void count_interrupts();
int interrupts();
bool hung_up();

/// While who does something when the second comes has not done it: a third that comes right behind
/// it, as from a key that is held down, does not leave before that. A fourth does.
class SecondInterrupt {
 public:
  SecondInterrupt();
  ~SecondInterrupt();
  SecondInterrupt(const SecondInterrupt&) = delete;
  SecondInterrupt& operator=(const SecondInterrupt&) = delete;
  /// What it asks for is done. Leaves when the third has come meanwhile.
  void done();
};

/// While it lives these signals wait, but for waits like ppoll(2) that are given before(): so that
/// none comes between a look at the counts and the wait.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
};

}  // namespace stack::cli
