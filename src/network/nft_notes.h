// SPDX-License-Identifier: Apache-2.0
// What nft(8) keeps with a set for itself, so that it can show it again as it was written:
// libnftnl's udata.h. The kernel does not look at it.
#pragma once

#include <string>

#include "network/nft_sets.h"

namespace stack::network {

/// NFTA_SET_USERDATA of the set.
std::string nft_set_notes(const NftSet& set);
/// NFTA_RULE_USERDATA of a rule with that comment.
std::string nft_comment_note(const std::string& comment);

}  // namespace stack::network
