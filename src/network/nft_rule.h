// SPDX-License-Identifier: Apache-2.0
// A rule in the words of nft(8) as the kernel's expressions. Only what our own rulesets say is
// understood.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/nft_expressions.h"
#include "network/nft_types.h"
#include "network/nft_words.h"

namespace stack::network {

/// A set or map that stands in a rule between braces.
struct NftUnnamedSet {
  std::uint32_t id = 0;  ///< in its transaction
  NftKey key;
  std::vector<std::string> values;        ///< its keys
  NftKey target = {};                     ///< of a map: what they lead to
  std::vector<std::string> targets = {};  ///< same, one for each key
};

struct NftRule {
  std::vector<NftUnnamedSet> sets;
  std::vector<NftExpression> expressions;
  std::string comment;
};

/// The kernel's names for those without one: it puts a number in the place of "%d".
constexpr const char* unnamed_set = "__set%d";
constexpr const char* unnamed_map = "__map%d";

/// Consumes a rule, up to the end of its line. `family` as NFPROTO_INET; sets without a name get
/// the numbers from `next_id` on. Throws Error.
NftRule take_rule(NftReader& reader, std::uint8_t family, std::uint32_t& next_id);

}  // namespace stack::network
