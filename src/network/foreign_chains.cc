// SPDX-License-Identifier: Apache-2.0
#include "network/foreign_chains.h"

#include <algorithm>
#include <string_view>

#include "base/format.h"

namespace stack::network {
namespace {

constexpr std::string_view docker_user = "DOCKER-USER";

/// As deep as the kernel lets chains jump (NFT_JUMP_STACK_SIZE).
constexpr int deepest_jump = 16;

/// How a packet leaves `chain` that no rule in particular is for: with Verdict::none at its end.
Verdict end_of(const ForeignChain& chain, const std::vector<ListedRule>& rules, int depth = 0) {
  for (const ListedRule& rule : rules) {
    if (rule.chain != chain || !rule.for_all || rule.verdict == Verdict::none) continue;
    if (rule.verdict == Verdict::back) return Verdict::none;
    if (rule.verdict != Verdict::jump && rule.verdict != Verdict::go_to) return rule.verdict;
    if (depth == deepest_jump) return Verdict::none;
    const ForeignChain target{chain.family, chain.table, rule.target};
    const Verdict there = end_of(target, rules, depth + 1);
    if (there != Verdict::none || rule.verdict == Verdict::go_to) return there;
  }
  return Verdict::none;
}

bool drops_forwarded(const ListedChain& chain, const std::vector<ListedRule>& rules,
                     Families families) {
  const std::string& family = chain.place.family;
  const bool concerned =
      family == "ip" || family == "inet" || (family == "ip6" && families == Families::both);
  return concerned && chain.hook == Hook::forward &&
         (chain.drops || end_of(chain.place, rules) == Verdict::drop);
}

}  // namespace

std::string to_text(const ForeignChain& chain) {
  return fmt::format("{} {} {}", chain.family, chain.table, chain.name);
}

std::vector<ForeignChain> chains_to_open(const std::vector<ListedChain>& chains,
                                         const std::vector<ListedRule>& rules, Families families) {
  std::vector<ForeignChain> places;
  for (const ListedChain& chain : chains) {
    if (!drops_forwarded(chain, rules, families)) continue;
    const ForeignChain user{chain.place.family, chain.place.table, std::string(docker_user)};
    const bool has_user_chain =
        std::ranges::any_of(chains, [&](const ListedChain& other) { return other.place == user; });
    places.push_back(has_user_chain ? user : chain.place);
  }
  return places;
}

bool others_translate(const std::vector<ListedChain>& chains) {
  return std::ranges::any_of(chains, [](const ListedChain& chain) {
    return chain.type == "nat" && chain.hook == Hook::postrouting &&
           !chain.place.table.starts_with("stack_");
  });
}

std::string rule_tag(const std::string& stack_id) {
  return "stack:" + stack_id;
}

std::string opening_script(const std::vector<ForeignChain>& chains,
                           const std::vector<ListedRule>& rules, const std::string& stack_id,
                           const std::string& interface) {
  const std::string tag = rule_tag(stack_id);
  std::string script;
  const auto open = [&](const ForeignChain& chain, const char* key, bool ListedRule::*looks) {
    const bool present = std::ranges::any_of(rules, [&](const ListedRule& rule) {
      return rule.chain == chain && rule.comment == tag && rule.*looks;
    });
    if (present) return;
    script += fmt::format("insert rule {} {} \"{}\" counter accept comment \"{}\"\n",
                          to_text(chain), key, interface, tag);
  };
  for (const ForeignChain& chain : chains) {
    open(chain, "iifname", &ListedRule::of_incoming);
    open(chain, "oifname", &ListedRule::of_outgoing);
  }
  return script;
}

std::string closing_script(const std::vector<ListedRule>& rules, const std::string& stack_id) {
  const std::string tag = rule_tag(stack_id);
  std::string script;
  for (const ListedRule& rule : rules)
    if (rule.comment == tag)
      script += fmt::format("delete rule {} handle {}\n", to_text(rule.chain), rule.handle);
  return script;
}

}  // namespace stack::network
