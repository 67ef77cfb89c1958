// SPDX-License-Identifier: Apache-2.0
#include "network/firewall.h"

#include <algorithm>

#include "base/error.h"
#include "network/foreign_chains.h"
#include "network/kernel_rules.h"
#include "network/nftables.h"
#include "network/ruleset_text.h"

namespace stack::network {

void apply_ruleset(const std::string& script) {
  during("applying firewall rules", [&] { run_nft(script); });
}

void close_firewall_sockets() {
  close_nft_sockets();
}

void remove_host_ruleset(const std::string& stack_id) {
  during("removing firewall rules", [&] {
    run_nft(closing_script(list_rules(), stack_id) + without("inet stack_" + stack_id));
  });
}

void pass_foreign_forward_chains(const std::string& stack_id, const std::string& interface,
                                 Families families) {
  during("opening other firewalls' forward chains", [&] {
    const auto chains = list_chains();
    if (std::ranges::find(chains, Hook::forward, &ListedChain::hook) == chains.end()) return;
    const auto rules = list_rules();
    const auto script =
        opening_script(chains_to_open(chains, rules, families), rules, stack_id, interface);
    if (!script.empty()) run_nft(script);
  });
}

}  // namespace stack::network
