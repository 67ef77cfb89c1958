// SPDX-License-Identifier: Apache-2.0
#include "cli/leaving_keys.h"

#include <poll.h>
#include <unistd.h>

#include <array>

namespace stack::cli {
namespace {

/// Whoever reads or changes a terminal in the background is stopped by it.
bool is_in_foreground() {
  return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

/// Keys come one by one. Ctrl-q is one, too, instead of what goes on after Ctrl-s: for that any key
/// is good.
termios key_by_key(termios mode) {
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON);
  mode.c_iflag |= IXANY;
  mode.c_cc[VSTART] = _POSIX_VDISABLE;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  return mode;
}

bool can_read(int file) {
  pollfd polled{file, POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

LeavingKeys::LeavingKeys() : keys_(parse_detach_keys(default_detach_keys)) {
  termios mode{};
  if (::tcgetattr(STDIN_FILENO, &mode) != 0 || !is_in_foreground()) return;
  const termios listening = key_by_key(mode);
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &listening) == 0) before_ = mode;
}

int LeavingKeys::fd() const {
  return before_ && !typed_ && is_in_foreground() ? STDIN_FILENO : -1;
}

bool LeavingKeys::typed() {
  std::array<char, 256> bytes;
  while (fd() >= 0 && can_read(STDIN_FILENO)) {
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size <= 0) {
      release();  // the terminal is gone
    } else {
      typed_ = keys_.take({bytes.data(), static_cast<std::size_t>(size)}).detached;
    }
  }
  return typed_;
}

void LeavingKeys::release() {
  if (before_ && is_in_foreground()) ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
  before_.reset();
}

}  // namespace stack::cli
