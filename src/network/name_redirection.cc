// SPDX-License-Identifier: Apache-2.0
#include "network/name_redirection.h"

#include "network/firewall.h"
#include "network/nftables.h"
#include "network/ruleset_text.h"

namespace stack::network {

void redirect_names(std::uint16_t udp_port, std::uint16_t tcp_port) {
  run_nft(without("ip stack_dns") + container_ruleset(udp_port, tcp_port));
}

}  // namespace stack::network
