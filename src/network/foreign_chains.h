// SPDX-License-Identifier: Apache-2.0
// Other people's firewalls. A drop in any chain of the forward hook is final, whatever other chains
// say, so a chain with policy drop (docker's, ufw's), or that rejects whatever it has not let pass
// (firewalld's), must itself be told to let our traffic pass.
// Pure: from what the kernel lists (kernel_rules.h) to what nft shall do.
#pragma once

#include <cstdint>
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

/// Where packets come from into a chain that nobody needs to jump to.
enum class Hook { none, forward, postrouting, other };

/// A chain as far as it concerns us.
struct ListedChain {
  ForeignChain place;
  std::string type;  ///< "filter", "nat"; empty for one that is jumped to
  Hook hook = Hook::none;
  bool drops = false;  ///< by its policy
};

/// What becomes of a packet that a rule is for.
enum class Verdict { none, accept, drop, jump, go_to, back };

/// A rule as far as it concerns us.
struct ListedRule {
  ForeignChain chain;
  std::uint64_t handle = 0;
  std::string comment;
  bool of_incoming = false;  ///< it looks at the interface a packet came by
  bool of_outgoing = false;  ///< ... and at the one it goes by
  Verdict verdict = Verdict::none;
  std::string target{};  ///< of jump and go_to: a chain of the same table
  bool for_all = false;  ///< it asks nothing of a packet, but its family
};

/// "ip filter FORWARD"
std::string to_text(const ForeignChain& chain);

/// In `chains`: where rules must go so that forwarded packets pass: into DOCKER-USER when the
/// dropping chain's table has it, else into the dropping chain. One drops by its policy, or by
/// those of `rules` (of one chain in its order) that are for all packets, in it or where these
/// lead. What is dropped for something in particular is somebody's wish, and no obstacle to us.
std::vector<ForeignChain> chains_to_open(const std::vector<ListedChain>& chains,
                                         const std::vector<ListedRule>& rules,
                                         Families families = Families::ipv4);

/// True when a table that is not a stack's translates addresses of what leaves: somebody else
/// forwards packets too.
bool others_translate(const std::vector<ListedChain>& chains);

/// The tag of a stack's rules: "stack:ID".
std::string rule_tag(const std::string& stack_id);

/// The script that opens `chains` for `interface`, in both directions, leaving out what is there
/// already according to `rules`. May be empty.
std::string opening_script(const std::vector<ForeignChain>& chains,
                           const std::vector<ListedRule>& rules, const std::string& stack_id,
                           const std::string& interface);
/// The script that removes every rule with the stack's tag in `rules`. May be empty.
std::string closing_script(const std::vector<ListedRule>& rules, const std::string& stack_id);

}  // namespace stack::network
