// SPDX-License-Identifier: Apache-2.0
#include "network/firewall.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "network/foreign_chains.h"
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
    const auto foreign = closing_script(query_nft("list ruleset"), stack_id);
    // Declared first, so that deleting one that is missing succeeds.
    run_nft(
        fmt::format("table inet stack_{0}\ndelete table inet stack_{0}\n{1}", stack_id, foreign));
  });
}

void pass_foreign_forward_chains(const std::string& stack_id, const std::string& interface,
                                 Families families) {
  during("opening other firewalls' forward chains", [&] {
    const auto chains = chains_to_open(query_nft("list chains"), families);
    if (chains.empty()) return;
    const auto script = opening_script(chains, query_nft("list ruleset"), stack_id, interface);
    if (!script.empty()) run_nft(script);
  });
}

}  // namespace stack::network
