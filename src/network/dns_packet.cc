// SPDX-License-Identifier: Apache-2.0
#include "network/dns_packet.h"

namespace stack::network {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::size_t type_and_class_size = 4;
constexpr std::size_t longest_name = 255;
constexpr std::uint8_t longest_label = 63;  // above: a compression pointer, or reserved

// Byte 2: QR, opcode (4), AA, TC, RD. Byte 3: RA, Z (3), RCODE (4).
constexpr std::uint8_t response_bit = 0x80;
constexpr std::uint8_t opcode_and_rd = 0x79;
constexpr std::uint8_t recursion_available = 0x80;

std::uint8_t byte_at(std::string_view message, std::size_t index) {
  return static_cast<std::uint8_t>(message[index]);
}

}  // namespace

std::optional<std::string_view> question_of(std::string_view message) {
  if (message.size() < header_size || (message[4] == 0 && message[5] == 0)) return std::nullopt;
  std::size_t end = header_size;
  for (;;) {
    if (end >= message.size() || end - header_size >= longest_name) return std::nullopt;
    const std::uint8_t label = byte_at(message, end);
    if (label > longest_label) return std::nullopt;
    end += std::size_t{1} + label;
    if (label == 0) break;
  }
  if (end + type_and_class_size > message.size()) return std::nullopt;
  return message.substr(header_size, end + type_and_class_size - header_size);
}

bool is_query(std::string_view message) {
  return message.size() >= header_size && (byte_at(message, 2) & response_bit) == 0;
}

std::string empty_reply(std::string_view query, DnsCode code) {
  if (query.size() < header_size) return {};
  const auto question = question_of(query);
  std::string reply(header_size, '\0');
  reply[0] = query[0];
  reply[1] = query[1];
  reply[2] = static_cast<char>(response_bit | (byte_at(query, 2) & opcode_and_rd));
  reply[3] = static_cast<char>(recursion_available | static_cast<std::uint8_t>(code));
  reply[5] = question ? 1 : 0;
  if (question) reply += *question;
  return reply;
}

}  // namespace stack::network
