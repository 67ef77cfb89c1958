// SPDX-License-Identifier: Apache-2.0
// The terminal that we are run in, while a program elsewhere has the use of it; and signals as
// something to poll(2) for.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include <signal.h>
#include <initializer_list>
#include <optional>

#include "base/fd.h"

namespace stack::cli {

/// Our terminal in raw mode, and back again whatever happens.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
};

/// Nothing when standard input is no terminal, or one that does not know its size.
std::optional<winsize> terminal_size();

/// Signals that come to a descriptor instead of having their effect (signalfd(2)), for as long as
/// this lives. For programs of one thread.
class SignalInbox {
 public:
  explicit SignalInbox(std::initializer_list<int> signals);
  ~SignalInbox();
  SignalInbox(const SignalInbox&) = delete;
  SignalInbox& operator=(const SignalInbox&) = delete;

  int fd() const { return file_.get(); }
  /// The next one that has come; nothing when there is none. Does not wait.
  std::optional<int> next();

 private:
  sigset_t before_{};
  Fd file_;
};

}  // namespace stack::cli
