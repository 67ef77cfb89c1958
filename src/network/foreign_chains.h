// SPDX-License-Identifier: Apache-2.0
// Other people's firewalls. A drop in any chain of the forward hook is final, whatever other chains
// say, so a chain with policy drop (docker's, ufw's) must itself be told to let our traffic pass.
// Pure: from what nft lists to what nft shall do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "network/address.h"

namespace stack::network {

/// A chain of somebody's table.
struct ForeignChain {
  std::string family;  ///< "ip", "inet"
  std::string table;
  std::string name;
  bool operator==(const ForeignChain&) const = default;
};

/// "ip filter FORWARD"
std::string to_text(const ForeignChain& chain);

/// In `chains` (of `nft -j list chains`): where rules must go so that forwarded packets pass: into
/// DOCKER-USER when the dropping chain's table has it, else into the dropping chain.
std::vector<ForeignChain> chains_to_open(const nlohmann::json& chains,
                                         Families families = Families::ipv4);

/// True when a table that is not a stack's translates addresses of what leaves: somebody else
/// forwards packets too.
bool others_translate(const nlohmann::json& chains);

/// The tag of a stack's rules: "stack:ID".
std::string rule_tag(const std::string& stack_id);

/// The script that opens `chains` for `interface`, in both directions, leaving out what is there
/// already according to `ruleset` (of `nft -j list ruleset`). May be empty.
std::string opening_script(const std::vector<ForeignChain>& chains, const nlohmann::json& ruleset,
                           const std::string& stack_id, const std::string& interface);
/// The script that removes every rule with the stack's tag in `ruleset`. May be empty.
std::string closing_script(const nlohmann::json& ruleset, const std::string& stack_id);

}  // namespace stack::network
