// SPDX-License-Identifier: Apache-2.0
// Sets and maps as nft(8) describes them, and the messages that make them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/netlink.h"
#include "network/nft_rule.h"
#include "network/nft_types.h"
#include "network/nft_words.h"

namespace stack::network {

struct NftElement {
  std::string key;
  std::string value;         ///< of maps
  bool ends_before = false;  ///< of intervals: the first value that is beyond one
  bool operator==(const NftElement&) const = default;
};

struct NftSet {
  std::string name;
  std::uint32_t id = 0;     ///< in its transaction
  std::uint32_t flags = 0;  ///< NFT_SET_INTERVAL...
  NftKey key;
  NftKey value;
  /// What the key was said to be made of ("typeof"), where it was not said by types.
  std::vector<NftField> made_of;
  std::vector<NftElement> elements;
};

/// Consumes what stands between the braces of a set, the closing one included. Throws Error.
void take_set_content(NftReader& reader, NftSet& set);
/// As a set of the kernel.
NftSet set_of(const NftUnnamedSet& unnamed);

/// Appends the making of the set and of its elements. `family` as NFPROTO_INET.
void request_set(Batch& batch, std::uint8_t family, const std::string& table, const NftSet& set);

}  // namespace stack::network
