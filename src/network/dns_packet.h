// SPDX-License-Identifier: Apache-2.0
// The parts of a DNS message that are looked at as bytes: what must be told of a message that no
// parser accepts, and what must be compared exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stack::network {

/// Response codes of RFC 1035, 4.1.1.
enum class DnsCode : std::uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4
};

/// The first question (name, type, class) as it stands in the message; nothing when the message is
/// cut short, has no question, or its name is compressed, which nothing before it allows.
std::optional<std::string_view> question_of(std::string_view message);

/// True when the message has a whole header and is a query (QR is 0).
bool is_query(std::string_view message);

/// An empty answer to `query`: its id, opcode, RD and question, and `code`. Without a whole header
/// there is nobody to answer: empty.
std::string empty_reply(std::string_view query, DnsCode code);

}  // namespace stack::network
