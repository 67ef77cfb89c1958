// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <unistd.h>

#include <initializer_list>
#include <string_view>

#include "base/error.h"

namespace stack::cli {
namespace {

/// So many are a person who has lost patience.
constexpr int patience = 3;

volatile sig_atomic_t count = 0;
volatile sig_atomic_t terminal_gone = 0;
volatile sig_atomic_t second_is_expected = 0;

/// By a handler, too.
void leave() {
  constexpr std::string_view farewell = "\nLeft at once; `stack ps` tells what runs\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, farewell.data(), farewell.size());
  ::_exit(static_cast<int>(ExitCode::interrupted));
}

void count_one(int /*signal*/) {
  count = count + 1;
  if (count >= patience + second_is_expected) leave();
}

void note_hangup(int /*signal*/) {
  terminal_gone = 1;
}

}  // namespace

void count_interrupts() {
  struct sigaction action {};
  action.sa_handler = count_one;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  struct sigaction before {};
  ::sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;  // nohup(1)
  action.sa_handler = note_hangup;
  ::sigaction(SIGHUP, &action, nullptr);
}

int interrupts() {
  return count;
}

bool hung_up() {
  return terminal_gone != 0;
}

SecondInterrupt::SecondInterrupt() {
  second_is_expected = 1;
}

SecondInterrupt::~SecondInterrupt() {
  second_is_expected = 0;
}

void SecondInterrupt::done() {
  second_is_expected = 0;
  if (count >= patience) leave();
}

HeldSignals::HeldSignals() {
  sigset_t held{};
  sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held, signal);
  ::sigprocmask(SIG_BLOCK, &held, &before_);
}

HeldSignals::~HeldSignals() {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace stack::cli
