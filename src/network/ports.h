// SPDX-License-Identifier: Apache-2.0
// Published ports: held by real sockets, so that a conflict is the kernel's answer, and named when
// somebody else holds one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.h"

namespace stack::network {

/// Who holds a port: process (from /proc/PID/fd), and what the caller makes of it.
struct PortHolder {
  int pid = 0;          ///< 0 when its holder cannot be seen (another pid namespace, no permission)
  std::string command;  ///< comm
  std::string command_line;
};

/// The process that has a socket listening (tcp) or bound (udp) such that binding host_ip:port
/// would fail; nothing when it is free. Uses sock_diag(7); never binds itself.
std::optional<PortHolder> find_port_holder(const std::string& host_ip, std::uint16_t port,
                                           const std::string& protocol);

/// Whether this kernel speaks SCTP at all.
bool has_sctp();

/// A socket bound to host_ip:port (tcp: listening, nonblocking). Port 0 lets the kernel choose.
/// Throws Error "Bind for IP:PORT failed: port is already allocated" naming the holder.
/// IPv6 addresses are bound with IPV6_V6ONLY. Returns the socket and its port.
std::pair<Fd, std::uint16_t> hold_port(const std::string& host_ip, std::uint16_t port,
                                       const std::string& protocol);

}  // namespace stack::network
