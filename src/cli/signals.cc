// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <signal.h>

#include <initializer_list>

namespace stack::cli {
namespace {

volatile sig_atomic_t count = 0;

void count_one(int /*signal*/) {
  count = count + 1;
}

}  // namespace

void count_interrupts() {
  struct sigaction action {};
  action.sa_handler = count_one;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

int interrupts() {
  return count;
}

}  // namespace stack::cli
