// SPDX-License-Identifier: Apache-2.0
#include "network/dns_packet.h"

#include "base/text.h"
#include "network/dns_wire.h"

namespace stack::network {
namespace {

using namespace dns_wire;

// Of byte 2.
constexpr std::uint8_t opcode_and_rd = 0x79;
// Of byte 3.
constexpr std::uint8_t code_bits = 0x0f;

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

DnsCode code_of(std::string_view message) {
  return static_cast<DnsCode>(byte_at(message, 3) & code_bits);
}

bool is_truncated(std::string_view message) {
  return (byte_at(message, 2) & truncation_bit) != 0;
}

std::string empty_reply(std::string_view query, DnsCode code) {
  if (query.size() < header_size) return {};
  const auto question = question_of(query);
  std::string reply(header_size, '\0');
  reply[0] = query[0];
  reply[1] = query[1];
  reply[2] = static_cast<char>(response_bit | (byte_at(query, 2) & opcode_and_rd));
  reply[3] = static_cast<char>(recursion_available_bit | static_cast<std::uint8_t>(code));
  reply[5] = question ? 1 : 0;
  if (question) reply += *question;
  return reply;
}

std::string truncated_reply(std::string_view query) {
  std::string reply = empty_reply(query, DnsCode::no_error);
  if (!reply.empty()) reply[2] = static_cast<char>(reply[2] | truncation_bit);
  return reply;
}

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string disguised(std::string_view query, std::string_view random) {
  std::string copy(query);
  const auto question = question_of(query);
  if (!question || random.size() < disguise_size) return copy;
  copy[0] = random[0];
  copy[1] = random[1];
  const std::size_t name_size = question->size() - type_and_class_size;
  for (std::size_t i = 0; i < name_size; ++i) {
    char& c = copy[header_size + i];
    // A label's length is below 64, and no letter: it may be looked at like any byte of the name.
    if (is_letter(c) && (byte_at(random, 2 + i / 8) >> (i % 8) & 1) != 0) c ^= 0x20;
  }
  return copy;
}

std::string undisguised(std::string_view query, std::string reply) {
  const auto question = question_of(query);
  if (!question || reply.size() < header_size + question->size()) return reply;
  reply.replace(0, 2, query.substr(0, 2));
  reply.replace(header_size, question->size(), *question);
  return reply;
}

DnsMatch match_reply(std::string_view query, std::string_view reply) {
  const auto asked = question_of(query);
  const auto answered = question_of(reply);
  const bool about_one = asked && answered && reply[4] == 0 && reply[5] == 1;
  if (!about_one || is_query(reply) || query.substr(0, 2) != reply.substr(0, 2))
    return DnsMatch::none;
  if (*asked == *answered) return DnsMatch::same;
  const std::size_t name_size = asked->size() - type_and_class_size;
  const bool alike = asked->size() == answered->size() &&
                     asked->substr(name_size) == answered->substr(name_size) &&
                     to_lower(*asked) == to_lower(*answered);
  return alike ? DnsMatch::other_case : DnsMatch::none;
}

}  // namespace stack::network
