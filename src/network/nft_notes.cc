// SPDX-License-Identifier: Apache-2.0
#include "network/nft_notes.h"

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

namespace stack::network {
namespace {

// enum nftnl_udata_set_types
constexpr int key_byte_order = 0;
constexpr int data_byte_order = 1;
constexpr int key_typeof = 3;
constexpr int data_typeof = 4;
constexpr int data_interval = 6;
// Within a "typeof": enum udata_expr types of nftables' udata.h.
constexpr int kind = 0;
constexpr int data = 1;
// enum expr_types of nftables' expression.h
constexpr std::uint32_t of_payload = 7;
constexpr std::uint32_t of_meta = 9;
constexpr std::uint32_t of_concatenation = 13;
// enum proto_desc_id, and the field's number in struct proto_desc proto_eth, of nftables' proto.h
constexpr std::uint32_t ethernet = 17;
constexpr std::uint32_t source_address = 2;

/// One note: its type, its length, itself.
std::string note(int type, std::string_view value) {
  return std::string{static_cast<char>(type), static_cast<char>(value.size())}.append(value);
}

/// Numbers are as the machine has them.
std::string note(int type, std::uint32_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return note(type, bytes);
}

/// The arguments of an expression, numbered from 0.
std::string numbered(std::initializer_list<std::uint32_t> numbers) {
  std::string notes;
  int type = 0;
  for (const std::uint32_t number : numbers) notes += note(type++, number);
  return notes;
}

std::string typeof_note(const NftField& field) {
  if (field.source == NftSource::meta)
    return note(kind, of_meta) + note(data, numbered({field.place}));
  const bool is_ethernet = field.words == "ether saddr";
  return note(kind, of_payload) +
         note(data, is_ethernet
                        ? numbered({ethernet, source_address})
                        : numbered({0, 0, field.place + 1, field.offset * 8, field.size * 8}));
}

std::string concatenation(const std::string& parts) {
  return note(kind, of_concatenation) + note(data, parts);
}

std::string parts_of(const NftSet& set) {
  std::string parts;
  int number = 0;
  for (const NftField& field : set.made_of) parts += note(number++, typeof_note(field));
  return parts;
}

}  // namespace

std::string nft_set_notes(const NftSet& set) {
  std::string notes = note(key_byte_order, set.key.byte_order());
  if ((set.flags & NFT_SET_MAP) != 0) notes += note(data_byte_order, set.value.byte_order());
  if (set.key.parts.size() > 1) notes += note(key_typeof, concatenation(parts_of(set)));
  if ((set.flags & NFT_SET_MAP) == 0) return notes;
  if (set.value.parts.size() > 1) notes += note(data_typeof, concatenation(""));
  return notes + note(data_interval, 0);
}

std::string nft_comment_note(const std::string& comment) {
  constexpr int rule_comment = 0;  // enum nftnl_udata_rule_types
  return note(rule_comment, std::string_view(comment.c_str(), comment.size() + 1));
}

}  // namespace stack::network
