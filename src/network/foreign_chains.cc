// SPDX-License-Identifier: Apache-2.0
#include "network/foreign_chains.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace stack::network {
namespace {

using Json = nlohmann::json;

constexpr std::string_view docker_user = "DOCKER-USER";

/// The objects of one kind ("chain", "rule") in an answer of libnftables.
std::vector<Json> objects(const Json& answer, const char* kind) {
  std::vector<Json> found;
  if (!answer.contains("nftables")) return found;
  for (const Json& entry : answer.at("nftables")) {
    if (entry.contains(kind)) found.push_back(entry.at(kind));
  }
  return found;
}

bool drops_forwarded(const Json& chain, Families families) {
  const std::string family = chain.value("family", "");
  const bool concerned =
      family == "ip" || family == "inet" || (family == "ip6" && families == Families::both);
  return concerned && chain.value("hook", "") == "forward" && chain.value("policy", "") == "drop";
}

ForeignChain place_of(const Json& chain) {
  return {chain.value("family", ""), chain.value("table", ""), chain.value("name", "")};
}

/// True when the rule has the tag and matches on exactly this key ("iifname", "oifname").
bool is_tagged_for(const Json& rule, const ForeignChain& chain, const std::string& tag,
                   const std::string& key) {
  const ForeignChain place{rule.value("family", ""), rule.value("table", ""),
                           rule.value("chain", "")};
  return place == chain && rule.value("comment", "") == tag &&
         rule.value("expr", Json::array()).dump().find('"' + key + '"') != std::string::npos;
}

}  // namespace

std::string to_text(const ForeignChain& chain) {
  return fmt::format("{} {} {}", chain.family, chain.table, chain.name);
}

std::vector<ForeignChain> chains_to_open(const Json& chains, Families families) {
  const auto all = objects(chains, "chain");
  std::vector<ForeignChain> places;
  for (const Json& chain : all) {
    if (!drops_forwarded(chain, families)) continue;
    ForeignChain place = place_of(chain);
    const ForeignChain user{place.family, place.table, std::string(docker_user)};
    const bool has_user_chain =
        std::ranges::any_of(all, [&](const Json& other) { return place_of(other) == user; });
    places.push_back(has_user_chain ? user : place);
  }
  return places;
}

bool others_translate(const Json& chains) {
  return std::ranges::any_of(objects(chains, "chain"), [](const Json& chain) {
    return chain.value("type", "") == "nat" && chain.value("hook", "") == "postrouting" &&
           !chain.value("table", "").starts_with("stack_");
  });
}

std::string rule_tag(const std::string& stack_id) {
  return "stack:" + stack_id;
}

std::string opening_script(const std::vector<ForeignChain>& chains, const Json& ruleset,
                           const std::string& stack_id, const std::string& interface) {
  const std::string tag = rule_tag(stack_id);
  const auto rules = objects(ruleset, "rule");
  std::string script;
  for (const ForeignChain& chain : chains) {
    for (const char* key : {"iifname", "oifname"}) {
      const bool present = std::ranges::any_of(
          rules, [&](const Json& rule) { return is_tagged_for(rule, chain, tag, key); });
      if (present) continue;
      script += fmt::format("insert rule {} {} \"{}\" counter accept comment \"{}\"\n",
                            to_text(chain), key, interface, tag);
    }
  }
  return script;
}

std::string closing_script(const Json& ruleset, const std::string& stack_id) {
  const std::string tag = rule_tag(stack_id);
  std::string script;
  for (const Json& rule : objects(ruleset, "rule")) {
    if (rule.value("comment", "") != tag) continue;
    script +=
        fmt::format("delete rule {} {} {} handle {}\n", rule.value("family", ""),
                    rule.value("table", ""), rule.value("chain", ""), rule.value("handle", 0ULL));
  }
  return script;
}

}  // namespace stack::network
