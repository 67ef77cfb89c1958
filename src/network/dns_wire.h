// SPDX-License-Identifier: Apache-2.0
// Numbers of the wire format of DNS (RFC 1035, 4.1.1 and 2.3.4), for dns_packet and dns_message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stack::network::dns_wire {

constexpr std::size_t header_size = 12;
constexpr std::size_t type_and_class_size = 4;
constexpr std::size_t longest_name = 255;
constexpr std::uint8_t longest_label = 63;  // above: a compression pointer, or reserved

// Byte 2 of a header: QR, opcode (4), AA, TC, RD. Byte 3: RA, Z (3), RCODE (4).
constexpr std::uint8_t response_bit = 0x80;
constexpr std::uint8_t authoritative_bit = 0x04;
constexpr std::uint8_t truncation_bit = 0x02;
constexpr std::uint8_t recursion_desired_bit = 0x01;
constexpr std::uint8_t recursion_available_bit = 0x80;

inline std::uint8_t byte_at(std::string_view message, std::size_t index) {
  return static_cast<std::uint8_t>(message[index]);
}

inline std::uint16_t u16_at(std::string_view message, std::size_t index) {
  return static_cast<std::uint16_t>(byte_at(message, index) << 8 | byte_at(message, index + 1));
}

}  // namespace stack::network::dns_wire
