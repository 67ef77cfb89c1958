// SPDX-License-Identifier: Apache-2.0
// nft(8) itself, in the thread's network namespace: it makes what others have made on a host, and
// shows what the kernel has.
#pragma once

#include <string>

namespace stack::network::test {

/// Whether the program is there.
bool has_nft();
/// Runs a script. Throws Error when nft refuses it.
void load_by_nft(const std::string& script);
/// `nft list ruleset`, without counters; the second with each rule as the kernel's expressions,
/// too.
std::string ruleset();
std::string ruleset_with_expressions();

}  // namespace stack::network::test
