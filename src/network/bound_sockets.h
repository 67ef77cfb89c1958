// SPDX-License-Identifier: Apache-2.0
// Sockets that take what comes to a port, as sock_diag(7) tells of them. There is no event for a
// new one: who waits for one has to ask again.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "network/netlink.h"

namespace stack::network {

struct BoundSocket {
  /// Both families can be compared: IPv4 is ::ffff:a.b.c.d.
  using Address = std::array<std::uint8_t, 16>;
  int family = 0;  ///< AF_INET or AF_INET6
  Address address{};
  bool only_v6 = false;
  std::uint16_t port = 0;
  std::uint32_t inode = 0;
};

/// The four bytes of an IPv4 address, in that form.
BoundSocket::Address mapped(const void* ipv4);
bool is_mapped(const BoundSocket::Address& address);

/// 127.0.0.0/8 or ::1: nobody outside of the namespace reaches it.
bool is_loopback(const BoundSocket& socket);

/// Listening TCP sockets, or all UDP ones, at `port` (0: at any), in the namespace of `netlink`,
/// which is one of NETLINK_SOCK_DIAG. Throws Error.
std::vector<BoundSocket> bound_sockets(NetlinkSocket& netlink, std::uint16_t port,
                                       const std::string& protocol);

/// Whether a process has it open, by the links in /proc/PID/fd.
bool has_socket(pid_t process, std::uint32_t inode);

}  // namespace stack::network
