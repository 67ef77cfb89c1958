// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_stream.h"

#include <sys/socket.h>

namespace stack::supervisor {
namespace {

Awaitable<std::string> read_exactly(Descriptor& connection, std::size_t size,
                                    Clock::time_point deadline) {
  std::string bytes(size, 0);
  for (std::size_t got = 0; got < size;) {
    const ssize_t count =
        ::recv(connection.native_handle(), bytes.data() + got, size - got, MSG_DONTWAIT);
    if (count > 0) got += static_cast<std::size_t>(count);
    const bool must_wait = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (count == 0 || (count < 0 && !must_wait)) co_return "";
    if (must_wait && !co_await readable_until(connection, deadline)) co_return "";
  }
  co_return bytes;
}

}  // namespace

Awaitable<std::string> read_dns_message(Descriptor& connection, Clock::time_point deadline) {
  const std::string length = co_await read_exactly(connection, 2, deadline);
  if (length.empty()) co_return "";
  const auto high = static_cast<unsigned char>(length[0]);
  const auto low = static_cast<unsigned char>(length[1]);
  co_return co_await read_exactly(connection, std::size_t{high} << 8 | low, deadline);
}

Awaitable<bool> write_dns_message(Descriptor& connection, std::string message,
                                  Clock::time_point deadline) {
  if (message.size() > 65535) co_return false;
  std::string bytes{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
  bytes += message;
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (!co_await writable_until(connection, deadline)) co_return false;
    const ssize_t count = ::send(connection.native_handle(), bytes.data() + sent,
                                 bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) co_return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  co_return true;
}

}  // namespace stack::supervisor
