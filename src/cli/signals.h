// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a count: the first asks, the second insists.
#pragma once

namespace stack::cli {

/// Counts SIGINT, SIGTERM and SIGHUP from now on instead of dying of them.
void count_interrupts();
int interrupts();

}  // namespace stack::cli
