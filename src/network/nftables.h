// SPDX-License-Identifier: Apache-2.0
// Changes of nftables: scripts by libnftables, which is opened at run time, and messages, which
// take a tenth of its time.
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <functional>
#include <string>

#include "network/netlink.h"

namespace stack::network {

/// Runs an nft script in the thread's network namespace as one transaction: all of it or nothing.
/// Throws Error with nft's words.
void run_nft(const std::string& script);
/// The type of a message of nf_tables, as NFT_MSG_NEWRULE.
constexpr std::uint16_t nft_message(int message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}
/// Appends a request to a transaction; `family` as NFPROTO_INET, the rest as Batch::add().
void add_nft_request(Batch& transaction, int message, int flags, std::uint8_t family,
                     std::string attempt, const std::function<void(nlmsghdr*)>& write);
/// Sends a transaction of NFNL_SUBSYS_NFTABLES in the thread's network namespace, without
/// libnftables. Throws Error.
void run_nft_messages(const Batch& transaction);
/// Appends the removal of a table, which need not be there.
void remove_table(Batch& transaction, std::uint8_t family, const std::string& table);
/// Appends the making of a table; nothing remains of one of its name.
void renew_table(Batch& transaction, std::uint8_t family, const std::string& table);
/// Call it before many descriptors are open: libnftables needs low numbers for its sockets, and has
/// them from then on.
void hold_nft_numbers();
/// See close_firewall_sockets().
void close_nft_sockets();

}  // namespace stack::network
