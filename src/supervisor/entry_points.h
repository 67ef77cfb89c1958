// SPDX-License-Identifier: Apache-2.0
// What main() runs when the program was started as its own helper (argv[0] "stack-keeper"), which
// forks the supervisor. Never called by a person.
#pragma once

namespace stack::supervisor {

/// Never returns normally: exits the process.
[[noreturn]] void keeper_main(int argc, char** argv);

}  // namespace stack::supervisor
