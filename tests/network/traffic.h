// SPDX-License-Identifier: Apache-2.0
// Small conversations between network namespaces, all from one thread: the kernel completes a TCP
// handshake with a listening socket by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"

namespace stack::network::test {

/// A socket that listens (TCP) or is bound (UDP) in a namespace.
class Server {
 public:
  static Server tcp(int network_namespace, const std::string& ip, std::uint16_t port);
  static Server udp(int network_namespace, const std::string& ip, std::uint16_t port);

  /// The address of whoever connected, or of the next datagram's sender, which is answered;
  /// nothing when nobody comes.
  std::optional<std::string> visitor() const;
  int fd() const { return socket_.get(); }

 private:
  Server(int network_namespace, int type, const std::string& ip, std::uint16_t port);
  Fd socket_;
  int type_;
};

// An answer takes microseconds here. Whoever expects one waits long and asks again, because a link
// that has just come up may still drop a packet (before Linux 6.8); whoever expects none does not,
// because a packet that is dropped makes no event.

/// True when a TCP connection comes about.
bool connects(int network_namespace, const std::string& ip, std::uint16_t port);
/// True when none does.
bool is_cut_off(int network_namespace, const std::string& ip, std::uint16_t port);
/// An established connection. Throws Error.
Fd connect(int network_namespace, const std::string& ip, std::uint16_t port);
/// One that asks by UDP again and again, from one port.
class LastingClient {
 public:
  LastingClient(int network_namespace, const std::string& ip, std::uint16_t port);
  /// As asks_by_udp.
  bool asks(const Server& server) const;

 private:
  Fd socket_;
};

/// True when `server` gets a datagram sent to ip:port, and its answer comes back from there.
bool asks_by_udp(int network_namespace, const std::string& ip, std::uint16_t port,
                 const Server& server);
/// True when an echo request is answered.
bool pings(int network_namespace, const std::string& ip);
/// True when one is not.
bool pings_in_vain(int network_namespace, const std::string& ip);

}  // namespace stack::network::test
