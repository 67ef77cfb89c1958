// SPDX-License-Identifier: Apache-2.0
#include "network/firewall.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/error.h"
#include "network/foreign_chains.h"
#include "network/kernel_rules.h"
#include "network/nftables.h"

namespace stack::network {

void apply_ruleset(const std::string& script) {
  during("applying firewall rules", [&] { run_nft(script); });
}

void close_firewall_sockets() {
  close_nft_sockets();
}

void remove_host_ruleset(const std::string& stack_id) {
  during("removing firewall rules", [&] {
    const auto foreign = closing_script(list_commented_rules(), stack_id);
    if (!foreign.empty()) run_nft(foreign);
    Batch batch = Batch::transaction(NFNL_SUBSYS_NFTABLES);
    remove_table(batch, NFPROTO_INET, "stack_" + stack_id);
    run_nft_messages(batch);
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
