// SPDX-License-Identifier: Apache-2.0
// Our own nft scripts as messages to the kernel. libnftables, which understands all scripts, takes
// ten milliseconds to be loaded and five for each use (docs/performance.md). Understood here is
// what our rulesets say, and nothing else; tests/network/nft_script_kernel_test.cc compares what
// the kernel has of it with what it has by nft(8).
#pragma once

#include <string_view>

#include "network/netlink.h"

namespace stack::network {

/// The script as one transaction. Throws Error, which names the line, for what it does not know.
Batch compile_nft(std::string_view script);

}  // namespace stack::network
