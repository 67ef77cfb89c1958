// SPDX-License-Identifier: Apache-2.0
#include "network/firewall.h"

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
    run_nft(closing_script(list_commented_rules(), stack_id) + without("inet stack_" + stack_id));
  });
}

void pass_foreign_forward_chains(const std::string& stack_id, const std::string& interface,
                                 Families families) {
  during("opening other firewalls' forward chains", [&] {
    const auto chains = chains_to_open(list_chains(), families);
    if (chains.empty()) return;
    const auto script = opening_script(chains, list_commented_rules(), stack_id, interface);
    if (!script.empty()) run_nft(script);
  });
}

}  // namespace stack::network
