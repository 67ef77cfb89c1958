// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a count: the first asks, the second insists.
#pragma once

namespace stack::cli {

/// Counts SIGINT and SIGTERM from now on instead of dying of them, and notes SIGHUP: a terminal
/// that goes away ends the looking, not the stack.
void count_interrupts();
int interrupts();
bool hung_up();

}  // namespace stack::cli
