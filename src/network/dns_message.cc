// SPDX-License-Identifier: Apache-2.0
#include "network/dns_message.h"

#include <algorithm>

#include "base/text.h"
#include "network/dns_wire.h"

namespace stack::network {
namespace {

using namespace dns_wire;

constexpr std::size_t record_header = 10;  // type, class, time to live, length of data
constexpr std::uint8_t compression_bits = 0xc0;
/// Of the flags of EDNS, where other records have the lower half of their time to live.
constexpr std::uint16_t security_ok_bit = 0x8000;

void put_u8(std::string& message, std::uint8_t value) {
  message += static_cast<char>(value);
}

void put_u16(std::string& message, std::size_t value) {
  put_u8(message, static_cast<std::uint8_t>(value >> 8));
  put_u8(message, static_cast<std::uint8_t>(value));
}

/// Of a name that may be compressed, whose rest is then elsewhere.
std::optional<std::size_t> end_of_name(std::string_view message, std::size_t at) {
  while (at < message.size()) {
    const std::uint8_t label = byte_at(message, at);
    if (label >= compression_bits) return at + 2;
    if (label > longest_label) return std::nullopt;
    at += std::size_t{1} + label;
    if (label == 0) return at;
  }
  return std::nullopt;
}

/// A record's place: its fixed part, its data, and what follows.
struct RecordPlace {
  std::size_t header;
  std::size_t end;
};

std::optional<RecordPlace> record_at(std::string_view message, std::size_t at) {
  const auto header = end_of_name(message, at);
  if (!header || *header + record_header > message.size()) return std::nullopt;
  const std::size_t end = *header + record_header + u16_at(message, *header + 8);
  if (end > message.size()) return std::nullopt;
  return RecordPlace{*header, end};
}

DnsOptions options_at(std::string_view message, const RecordPlace& record) {
  return {u16_at(message, record.header + 2), byte_at(message, record.header + 5),
          (u16_at(message, record.header + 6) & security_ok_bit) != 0};
}

/// All records behind the question, of which only the last section can hold options. False when
/// there are fewer than the header says.
bool read_records(std::string_view message, DnsQuery& query) {
  const std::size_t before = std::size_t{u16_at(message, 6)} + u16_at(message, 8);
  const std::size_t count = before + u16_at(message, 10);
  std::size_t at = header_size + query.question.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto record = record_at(message, at);
    if (!record) return false;
    const auto type = static_cast<DnsType>(u16_at(message, record->header));
    if (i >= before && type == DnsType::opt) query.options = options_at(message, *record);
    at = record->end;
  }
  return true;
}

void put_options(std::string& message, const DnsOptions& options, std::uint8_t extended_code) {
  put_u8(message, 0);  // the root's name
  put_u16(message, static_cast<std::uint16_t>(DnsType::opt));
  put_u16(message, options.udp_size);
  put_u8(message, extended_code);
  put_u8(message, options.version);
  put_u16(message, options.security_ok ? security_ok_bit : 0);
  put_u16(message, 0);
}

constexpr std::size_t options_size = 1 + record_header;

void put_answer(std::string& message, const DnsRecord& record, std::uint32_t seconds) {
  put_u16(message, compression_bits << 8 | header_size);  // the name is the question's
  put_u16(message, static_cast<std::uint16_t>(record.type));
  put_u16(message, internet_class);
  put_u16(message, seconds >> 16);
  put_u16(message, seconds & 0xffff);
  put_u16(message, record.data.size());
  message += record.data;
}

/// How many of the first answers fit into `room`, and into the header's count of them.
std::size_t fitting(const std::vector<DnsRecord>& answers, std::size_t room) {
  constexpr std::size_t most = 0xffff;
  const auto end = std::ranges::find_if(answers, [&room](const DnsRecord& record) {
    const std::size_t size = 2 + record_header + record.data.size();
    if (size > room) return true;
    room -= size;
    return false;
  });
  return std::min(static_cast<std::size_t>(end - answers.begin()), most);
}

}  // namespace

DnsType DnsQuery::type() const {
  return static_cast<DnsType>(u16_at(question, question.size() - type_and_class_size));
}

std::uint16_t DnsQuery::rr_class() const {
  return u16_at(question, question.size() - 2);
}

std::optional<DnsQuery> read_query(std::string_view message) {
  const auto question = question_of(message);
  if (!question || u16_at(message, 4) != 1) return std::nullopt;
  DnsQuery query;
  query.id = u16_at(message, 0);
  query.opcode = byte_at(message, 2) >> 3 & 0x0f;
  query.recursion_desired = (byte_at(message, 2) & recursion_desired_bit) != 0;
  query.question = *question;
  if (!read_records(message, query)) return std::nullopt;
  return query;
}

std::optional<std::string> wire_name(std::string_view name) {
  std::string wire;
  for (const std::string& label : split(name, '.')) {
    if (label.empty() || label.size() > longest_label) return std::nullopt;
    put_u8(wire, static_cast<std::uint8_t>(label.size()));
    wire += label;
  }
  put_u8(wire, 0);
  if (wire.size() > longest_name) return std::nullopt;
  return wire;
}

std::string write_reply(const DnsQuery& query, const DnsReply& reply, std::uint32_t seconds,
                        std::uint16_t udp_size, std::size_t limit) {
  const std::size_t around =
      header_size + query.question.size() + (query.options ? options_size : 0);
  const std::size_t count = fitting(reply.answers, std::max(limit, around) - around);
  const bool cut = count < reply.answers.size();

  std::string message;
  put_u16(message, query.id);
  put_u8(message,
         static_cast<std::uint8_t>(response_bit | authoritative_bit | (cut ? truncation_bit : 0) |
                                   (query.recursion_desired ? recursion_desired_bit : 0)));
  put_u8(message, recursion_available_bit | static_cast<std::uint8_t>(reply.code));
  put_u16(message, 1);
  put_u16(message, count);
  put_u16(message, 0);
  put_u16(message, query.options ? 1 : 0);
  message += query.question;
  for (std::size_t i = 0; i < count; ++i) put_answer(message, reply.answers[i], seconds);
  if (query.options)
    put_options(message, {udp_size, 0, query.options->security_ok}, reply.extended_code);
  return message;
}

}  // namespace stack::network
