// SPDX-License-Identifier: Apache-2.0
// DNS over TCP: messages with their length before them (RFC 1035, 4.2.2).
#pragma once

#include <string>

#include "supervisor/async.h"

namespace stack::supervisor {

/// Reads one message; empty when the whole of it did not come before the deadline.
Awaitable<std::string> read_dns_message(Descriptor& connection, Clock::time_point deadline);
/// Writes one; false when it could not be done.
Awaitable<bool> write_dns_message(Descriptor& connection, std::string message,
                                  Clock::time_point deadline);

}  // namespace stack::supervisor
