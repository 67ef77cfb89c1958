// SPDX-License-Identifier: Apache-2.0
// What the program stack-keeper runs (main.cc). Never called by a person.
#pragma once

namespace stack::supervisor {

/// Never returns normally: exits the process. Forks the supervisor.
[[noreturn]] void keeper_main(int argc, char** argv);

}  // namespace stack::supervisor
