// SPDX-License-Identifier: Apache-2.0
// Asks the host's own resolvers what we cannot answer ourselves. Each question goes out from a
// fresh port under a fresh id, so that a stranger has both to guess (RFC 5452).
#pragma once

#include <string>
#include <vector>

#include "supervisor/async.h"

namespace stack::supervisor {

enum class DnsTransport { udp, tcp };

class DnsForwarder {
 public:
  explicit DnsForwarder(Loop& loop) : loop_(&loop) {}
  /// The reply to `query` under the query's id; a SERVFAIL when no resolver answers in time.
  Awaitable<std::string> ask(std::string query, DnsTransport transport);

 private:
  Loop* loop_;
  std::size_t pending_ = 0;
};

/// Reads one message with its two-byte length from a TCP connection; empty when there is none
/// before the deadline.
Awaitable<std::string> read_dns_message(Descriptor& connection, Clock::time_point deadline);
/// Writes one likewise; false when it could not be done.
Awaitable<bool> write_dns_message(Descriptor& connection, std::string message,
                                  Clock::time_point deadline);

}  // namespace stack::supervisor
