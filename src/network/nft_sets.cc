// SPDX-License-Identifier: Apache-2.0
#include "network/nft_sets.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "network/nft_notes.h"
#include "network/nftables.h"

namespace stack::network {
namespace {

/// Adds one to a number in network byte order; false when it was the last one.
bool increase(std::string& bytes) {
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bytes[i] = static_cast<char>(bytes[i] + 1);
    if (bytes[i] != 0) return true;
  }
  return false;
}

/// "TYPE . TYPE"
NftKey take_types(NftReader& reader) {
  NftKey key;
  do {
    const NftType type = nft_type(reader.next());
    add_part(key, type, size_of(type));
  } while (reader.takes("."));
  return key;
}

NftKey key_of(const std::vector<NftField>& fields) {
  NftKey key;
  for (const NftField& field : fields) add_part(key, field.type, field.size);
  return key;
}

/// "VALUE . VALUE"
std::string take_values(NftReader& reader, const NftKey& key) {
  if (key.parts.size() == 1) return nft_value(key.parts[0], reader.next(), key.sizes[0]);
  std::string bytes;
  for (std::size_t i = 0; i < key.parts.size(); ++i) {
    if (i > 0) reader.expect(".");
    bytes += nft_padded(nft_value(key.parts[i], reader.next(), key.sizes[i]));
  }
  return bytes;
}

struct Interval {
  std::string first;
  std::string last;
  auto operator<=>(const Interval&) const = default;
};

Interval interval_of(const NftPrefix& prefix) {
  Interval interval{prefix.value, prefix.value};
  const std::string mask = nft_mask(prefix.bits, prefix.value.size());
  for (std::size_t i = 0; i < mask.size(); ++i)
    interval.last[i] = static_cast<char>(interval.last[i] | ~mask[i]);
  return interval;
}

/// The kernel has the beginning of each interval and of what is between them. An end that says
/// that nothing is before the first one is what nft(8) looks for.
std::vector<NftElement> elements_of(std::vector<Interval> intervals) {
  std::ranges::sort(intervals);
  std::vector<NftElement> elements;
  if (!intervals.empty() && intervals[0].first.find_first_not_of('\0') != std::string::npos)
    elements.push_back({std::string(intervals[0].first.size(), '\0'), "", true});
  for (Interval& interval : intervals) {
    elements.push_back({interval.first, "", false});
    if (increase(interval.last)) elements.push_back({interval.last, "", true});
  }
  return elements;
}

void take_elements(NftReader& reader, NftSet& set) {
  const bool is_interval = (set.flags & NFT_SET_INTERVAL) != 0;
  std::vector<Interval> intervals;
  reader.expect("elements = {");
  do {
    reader.skip_line_ends();
    if (is_interval) {
      intervals.push_back(interval_of(nft_prefix(set.key.parts[0], reader.next())));
      continue;
    }
    NftElement element{take_values(reader, set.key), "", false};
    if ((set.flags & NFT_SET_MAP) != 0) {
      reader.expect(":");
      element.value = take_values(reader, set.value);
    }
    set.elements.push_back(std::move(element));
  } while (reader.takes(","));
  reader.skip_line_ends();
  reader.expect("}");
  if (is_interval) set.elements = elements_of(std::move(intervals));
}

void put_set(nlmsghdr* m, const std::string& table, const NftSet& set) {
  mnl_attr_put_strz(m, NFTA_SET_TABLE, table.c_str());
  mnl_attr_put_strz(m, NFTA_SET_NAME, set.name.c_str());
  put_nft_number(m, NFTA_SET_FLAGS, set.flags);
  put_nft_number(m, NFTA_SET_KEY_TYPE, set.key.number());
  put_nft_number(m, NFTA_SET_KEY_LEN, static_cast<std::uint32_t>(set.key.size()));
  if ((set.flags & NFT_SET_MAP) != 0) {
    put_nft_number(m, NFTA_SET_DATA_TYPE, set.value.number());
    put_nft_number(m, NFTA_SET_DATA_LEN, static_cast<std::uint32_t>(set.value.size()));
  }
  put_nft_number(m, NFTA_SET_ID, set.id);
  if ((set.flags & NFT_SET_CONSTANT) != 0)
    put_nest(m, NFTA_SET_DESC, [&] {
      put_nft_number(m, NFTA_SET_DESC_SIZE, static_cast<std::uint32_t>(set.elements.size()));
    });
  const std::string notes = nft_set_notes(set);
  mnl_attr_put(m, NFTA_SET_USERDATA, notes.size(), notes.data());
}

void put_element(nlmsghdr* m, const NftElement& element) {
  put_nest(m, NFTA_LIST_ELEM, [&] {
    if (element.ends_before) put_nft_number(m, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    put_nft_value(m, NFTA_SET_ELEM_KEY, element.key);
    if (!element.value.empty()) put_nft_value(m, NFTA_SET_ELEM_DATA, element.value);
  });
}

/// As many as one message has room for.
constexpr std::size_t elements_in_a_message = 40;

void request_elements(Batch& batch, std::uint8_t family, const std::string& table,
                      const NftSet& set, std::size_t from) {
  const std::size_t to = std::min(from + elements_in_a_message, set.elements.size());
  add_nft_request(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, "elements of set " + set.name,
                  [&](nlmsghdr* m) {
                    mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, table.c_str());
                    mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, set.name.c_str());
                    put_nft_number(m, NFTA_SET_ELEM_LIST_SET_ID, set.id);
                    put_nest(m, NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
                      for (std::size_t i = from; i < to; ++i) put_element(m, set.elements[i]);
                    });
                  });
}

}  // namespace

void take_set_content(NftReader& reader, NftSet& set) {
  for (reader.skip_line_ends(); !reader.takes("}"); reader.skip_line_ends()) {
    if (reader.takes("type")) {
      set.key = take_types(reader);
      if (reader.takes(":")) {
        set.value = take_types(reader);
        set.flags |= NFT_SET_MAP;
      }
    } else if (reader.takes("typeof")) {
      set.made_of = take_fields(reader);
      if (set.made_of.empty()) reader.refuse();
      set.key = key_of(set.made_of);
    } else if (reader.takes("flags interval")) {
      set.flags |= NFT_SET_INTERVAL;
    } else {
      take_elements(reader, set);
    }
  }
}

NftSet set_of(const NftUnnamedSet& unnamed) {
  NftSet set;
  set.name = unnamed_set;
  set.id = unnamed.id;
  set.flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
  set.key = unnamed.key;
  for (const std::string& value : unnamed.values) set.elements.push_back({value, "", false});
  if (unnamed.targets.empty()) return set;
  set.name = unnamed_map;
  set.flags |= NFT_SET_MAP;
  set.value = unnamed.target;
  for (std::size_t i = 0; i < unnamed.targets.size(); ++i)
    set.elements[i].value = unnamed.targets[i];
  return set;
}

void request_set(Batch& batch, std::uint8_t family, const std::string& table, const NftSet& set) {
  add_nft_request(batch, NFT_MSG_NEWSET, NLM_F_CREATE, family, "set " + set.name,
                  [&](nlmsghdr* m) { put_set(m, table, set); });
  for (std::size_t from = 0; from < set.elements.size(); from += elements_in_a_message)
    request_elements(batch, family, table, set, from);
}

}  // namespace stack::network
