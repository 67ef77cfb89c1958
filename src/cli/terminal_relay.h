// SPDX-License-Identifier: Apache-2.0
// Our terminal joined to the master of another: what is typed goes there, what is said comes here.
#pragma once

#include <string>

#include "cli/detach_keys.h"
#include "cli/terminal.h"

namespace stack::cli {

class TerminalRelay {
 public:
  /// `master` stays the caller's; it is made non-blocking.
  TerminalRelay(int master, std::string detach_keys);

  enum class End {
    hung_up,     ///< nobody has the other side open any more
    detached,    ///< the keys were typed
    terminated,  ///< we got a SIGTERM or SIGHUP
  };
  /// In raw mode until one of the three; sizes are passed on.
  End run();

  /// Takes in and forgets what is said, until nobody has the other side open any more.
  static void drain(int master);

 private:
  void pass_size_on() const;
  bool take_signals();
  bool type();
  void write_typed();
  bool show();

  int master_;
  DetachKeys keys_;
  SignalInbox signals_;
  std::string typed_;  ///< what the other side has not taken yet
  bool input_ended_ = false;
};

}  // namespace stack::cli
