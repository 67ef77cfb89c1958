// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/files.h"

namespace stack::cli {

TerminalRelay::TerminalRelay(int master, std::string detach_keys)
    : master_(master), keys_(std::move(detach_keys)), signals_({SIGWINCH, SIGTERM, SIGHUP}) {
  ::fcntl(master, F_SETFL, O_NONBLOCK);
}

TerminalRelay::End TerminalRelay::run() {
  const RawTerminal raw;
  pass_size_on();
  for (;;) {
    // Nothing is read from here while the other side does not take it, but what it says is always
    // read: it may be waiting for that, to go on reading.
    const bool reading = typed_.empty() && !input_ended_;
    const short there = typed_.empty() ? POLLIN : POLLIN | POLLOUT;
    std::array<pollfd, 3> watched{{{reading ? STDIN_FILENO : -1, POLLIN, 0},
                                   {master_, there, 0},
                                   {signals_.fd(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw_errno("poll");
    }
    if (watched[2].revents != 0 && !take_signals()) return End::terminated;
    if ((watched[1].revents & ~POLLOUT) != 0 && !show()) return End::hung_up;
    if (watched[0].revents != 0 && !type()) return End::detached;
    write_typed();
  }
}

void TerminalRelay::pass_size_on() const {
  if (const auto size = terminal_size()) ::ioctl(master_, TIOCSWINSZ, &*size);
}

/// False when one of them ends the relay.
bool TerminalRelay::take_signals() {
  while (const auto signal = signals_.next()) {
    if (*signal != SIGWINCH) return false;
    pass_size_on();
  }
  return true;
}

/// False when the detach keys are complete.
bool TerminalRelay::type() {
  std::array<char, 4096> bytes;
  const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  input_ended_ = size <= 0;
  if (size <= 0) return true;
  auto typed = keys_.take({bytes.data(), static_cast<std::size_t>(size)});
  typed_ += typed.bytes;
  return !typed.detached;
}

void TerminalRelay::write_typed() {
  if (typed_.empty()) return;
  const ssize_t size = ::write(master_, typed_.data(), typed_.size());
  if (size > 0) typed_.erase(0, static_cast<std::size_t>(size));
  // Gone: reading tells that too.
  if (size < 0 && errno != EAGAIN && errno != EINTR) typed_.clear();
}

/// False at the end (EIO: the last process closed its side).
bool TerminalRelay::show() {
  std::array<char, 16384> bytes;
  const ssize_t size = ::read(master_, bytes.data(), bytes.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (size <= 0) return false;
  write_all(STDOUT_FILENO, {bytes.data(), static_cast<std::size_t>(size)});
  return true;
}

void TerminalRelay::drain(int master) {
  std::array<char, 16384> bytes;
  for (;;) {
    pollfd watched{master, POLLIN, 0};
    ::poll(&watched, 1, -1);
    const ssize_t size = ::read(master, bytes.data(), bytes.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return;
  }
}

}  // namespace stack::cli
