// SPDX-License-Identifier: Apache-2.0
// What the thread's network namespace holds of everybody's nftables, asked of the kernel itself.
#pragma once

#include <vector>

#include "network/foreign_chains.h"

namespace stack::network {

/// All chains. Throws Error.
std::vector<ListedChain> list_chains();
/// All rules, those of one chain in its order. Throws Error.
std::vector<ListedRule> list_rules();

}  // namespace stack::network
