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
  not_implemented = 4,
  refused = 5
};

/// The first question (name, type, class) as it stands in the message; nothing when the message is
/// cut short, has no question, or its name is compressed, which nothing before it allows.
std::optional<std::string_view> question_of(std::string_view message);

/// True when the message has a whole header and is a query (QR is 0).
bool is_query(std::string_view message);
/// Of a message with a whole header.
DnsCode code_of(std::string_view message);
/// The TC bit of a message with a whole header: there is more, ask by TCP.
bool is_truncated(std::string_view message);

/// An empty answer to `query`: its id, opcode, RD and question, and `code`. Without a whole header
/// there is nobody to answer: empty.
std::string empty_reply(std::string_view query, DnsCode code);
/// The same without an error, and with the TC bit.
std::string truncated_reply(std::string_view query);

/// How many bytes disguised() takes: an id, and a bit for each byte of the longest name.
constexpr std::size_t disguise_size = 2 + 32;
/// `query` under another id, and with its name's letters in another case, as `random` has them: for
/// an upstream, who gives both back. That is what a stranger has to guess, beside our port (RFC
/// 5452). A message without a whole question comes back unchanged.
std::string disguised(std::string_view query, std::string_view random);
/// The reply to a disguised query as the one to `query`.
std::string undisguised(std::string_view query, std::string reply);

enum class DnsMatch {
  same,        ///< it is a reply to this query: id and question are the same
  other_case,  ///< they are, but for the case of letters
  none,
};
DnsMatch match_reply(std::string_view query, std::string_view reply);

}  // namespace stack::network
