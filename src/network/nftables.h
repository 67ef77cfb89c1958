// SPDX-License-Identifier: Apache-2.0
// libnftables, opened at run time: only the supervisor and `down` need it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace stack::network {

/// Runs an nft script in the thread's network namespace as one transaction: all of it or nothing.
/// Throws Error with nft's words.
void run_nft(const std::string& script);
/// The answer of a list command as libnftables-json(5) describes it, without the elements of sets.
nlohmann::json query_nft(const std::string& command);
/// Call it before many descriptors are open: libnftables needs low numbers for its sockets, and has
/// them from then on.
void hold_nft_numbers();
/// See close_firewall_sockets().
void close_nft_sockets();

}  // namespace stack::network
