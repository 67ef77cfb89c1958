// SPDX-License-Identifier: Apache-2.0
// Published ports: held by real sockets, so that a conflict is the kernel's answer, and named when
// somebody else holds one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
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

/// "Bind for 0.0.0.0:80 failed: port is already allocated by nginx (pid 812)"
class PortTaken : public Error {
 public:
  /// `where`: "0.0.0.0:80"; `whose`: " by nginx (pid 812)", or empty.
  PortTaken(std::string where, const std::string& whose, int pid = 0);

  const std::string& where() const { return where_; }
  /// Of the process that holds it; 0 when that cannot be seen.
  int pid() const { return pid_; }

 private:
  std::string where_;
  int pid_;
};

/// "0.0.0.0:80", "[::]:80"
std::string endpoint_text(const std::string& ip, std::uint16_t port);

/// Whether sockets may be bound to an address: it is one of this machine's, or the machine lets
/// strange ones be bound (net.ipv4.ip_nonlocal_bind and its like).
bool can_bind(const std::string& host_ip);

/// Whether this kernel speaks SCTP at all.
bool has_sctp();

/// A socket bound to host_ip:port (tcp: listening, nonblocking). Port 0 lets the kernel choose.
/// Throws PortTaken naming the holder, and Error when something else is wrong.
/// IPv6 addresses are bound with IPV6_V6ONLY. Returns the socket and its port.
std::pair<Fd, std::uint16_t> hold_port(const std::string& host_ip, std::uint16_t port,
                                       const std::string& protocol);

}  // namespace stack::network
