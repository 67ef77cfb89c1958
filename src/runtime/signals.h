// SPDX-License-Identifier: Apache-2.0
// Signals by name, and whether a process 1 would notice one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/process.h"

namespace stack::runtime {

/// "SIGTERM", "term", "15", "SIGRTMIN+3" to its number.
std::optional<int> signal_number(std::string_view name);
/// "SIGTERM"; "SIGRTMIN+3".
std::string signal_name(int number);

/// False when the kernel would drop `signal` sent to this process 1 of a pid namespace: it neither
/// catches nor blocks it (pid_namespaces(7)), nor waits for it in sigwait(3). True when that cannot
/// be found out, as of a process that runs at this moment, and of one that is not process 1 (`pid:
/// host`).
bool init_would_notice(const ProcessIdentity& init, int signal);

}  // namespace stack::runtime
