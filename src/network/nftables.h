// SPDX-License-Identifier: Apache-2.0
// Changes of nftables: our own scripts (nft_script.h) and single messages.
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <functional>
#include <string>

#include "network/netlink.h"

namespace stack::network {

/// Runs one of our own scripts in the thread's network namespace as one transaction: all of it or
/// nothing. Throws Error.
void run_nft(const std::string& script);
/// The type of a message of nf_tables, as NFT_MSG_NEWRULE.
constexpr std::uint16_t nft_message(int message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}
/// Appends a request to a transaction; `family` as NFPROTO_INET, the rest as Batch::add().
void add_nft_request(Batch& transaction, int message, int flags, std::uint8_t family,
                     std::string attempt, const std::function<void(nlmsghdr*)>& write);
/// Gives up a socket of NETLINK_NETFILTER that has been used, or that others of this process may
/// have changed rules beside: to close it is left to close_nft_sockets().
void retire(NetlinkSocket socket);
/// See close_firewall_sockets().
void close_nft_sockets();

}  // namespace stack::network
