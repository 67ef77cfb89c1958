// SPDX-License-Identifier: Apache-2.0
// What main() runs when the program was started as one of its own helpers (argv[0] "stack-keeper"
// or "stack-supervisor"). Never called by a person.
#pragma once

namespace stack::supervisor {

/// Never returns normally: exits the process.
[[noreturn]] void keeper_main(int argc, char** argv);
[[noreturn]] void supervisor_main(int argc, char** argv);

}  // namespace stack::supervisor
