// SPDX-License-Identifier: Apache-2.0
// The keys that leave a stack to itself whose logs an attached `up` shows: Ctrl-p Ctrl-q. Nothing
// else that is typed is for anybody: signals are made of keys as ever, and so is a pause (Ctrl-s).
#pragma once

#include <termios.h>

#include <optional>

#include "cli/detach_keys.h"

namespace stack::cli {

class LeavingKeys {
 public:
  /// Nothing is listened to where standard input is no terminal, or another one's just now.
  LeavingKeys();
  ~LeavingKeys() { release(); }
  LeavingKeys(const LeavingKeys&) = delete;
  LeavingKeys& operator=(const LeavingKeys&) = delete;

  /// What can be read when something was typed; -1: nothing is to be waited for.
  int fd() const;
  /// Whether they have been typed by now. Does not wait.
  bool typed();
  /// The terminal is as it was again, and nothing is listened to any more.
  void release();

 private:
  std::optional<termios> before_;  ///< unset: nothing is listened to
  DetachKeys keys_;
  bool typed_ = false;
};

}  // namespace stack::cli
