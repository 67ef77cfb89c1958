// SPDX-License-Identifier: Apache-2.0
// The wire format of DNS (RFC 1035, 4; RFC 6891 for EDNS), as far as a resolver of names that it
// knows itself needs it: a query is read, and a reply to it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/dns_packet.h"

namespace stack::network {

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  soa = 6,
  ptr = 12,
  aaaa = 28,
  opt = 41,
  ds = 43,
  dnskey = 48,
  any = 255
};
constexpr std::uint16_t internet_class = 1;

/// What a client says of itself by EDNS, in an OPT record.
struct DnsOptions {
  std::uint16_t udp_size = 0;  ///< how large a reply it takes
  std::uint8_t version = 0;
  bool security_ok = false;  ///< DO: it wants signatures, and to be told that it may have them
};

struct DnsQuery {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;  ///< 0 is QUERY
  bool recursion_desired = false;
  std::string_view question;  ///< name, type and class, as they stand in the message
  std::optional<DnsOptions> options;

  /// With its lengths of labels and its final zero.
  std::string_view name() const { return question.substr(0, question.size() - 4); }
  DnsType type() const;
  std::uint16_t rr_class() const;
};

/// A view into `message`. Nothing unless it has one question, of which the name is not compressed,
/// and as many records behind it as its header says; what is in them is not looked at.
std::optional<DnsQuery> read_query(std::string_view message);

/// Of the name that was asked about.
struct DnsRecord {
  DnsType type = DnsType::a;
  std::string data;  ///< at most 65535 bytes
};

struct DnsReply {
  DnsCode code = DnsCode::no_error;
  std::uint8_t extended_code = 0;  ///< the upper bits of a code above 15, for who speaks EDNS
  std::vector<DnsRecord> answers;
};

/// `name` without its final dot as data of a record, not compressed. Nothing when it has an empty
/// label or one of more than 63 bytes, or more than 255 altogether.
std::optional<std::string> wire_name(std::string_view name);

/// An authoritative reply, with the query's question, all answers living for `seconds`, and options
/// if the query has some: that `udp_size` bytes may be sent to us. Over `limit` bytes it has only
/// the first answers, as many as fit, and the TC bit.
std::string write_reply(const DnsQuery& query, const DnsReply& reply, std::uint32_t seconds,
                        std::uint16_t udp_size, std::size_t limit);

}  // namespace stack::network
