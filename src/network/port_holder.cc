// SPDX-License-Identifier: Apache-2.0
// Who is in the way: the socket by sock_diag(7), its process by the links in /proc/PID/fd.
#include <arpa/inet.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "network/bound_sockets.h"
#include "network/netlink.h"
#include "network/ports.h"

namespace stack::network {
namespace {

using Address = BoundSocket::Address;

bool is_any(const Address& address) {
  const auto from = address.begin() + (is_mapped(address) ? 12 : 0);
  return std::all_of(from, address.end(), [](auto byte) { return byte == 0; });
}

BoundSocket parse_wish(const std::string& host_ip) {
  BoundSocket wish;
  std::array<std::uint8_t, 4> ipv4{};
  if (::inet_pton(AF_INET, host_ip.c_str(), ipv4.data()) == 1) {
    wish.address = mapped(ipv4.data());
  } else if (::inet_pton(AF_INET6, host_ip.c_str(), wish.address.data()) == 1) {
    wish.family = AF_INET6;
    wish.only_v6 = true;
  } else {
    fail("\"{}\" is not an IP address", host_ip);
  }
  return wish;
}

/// IPv4 traffic that the socket would take.
bool covers_v4(const BoundSocket& socket) {
  if (socket.family == AF_INET || is_mapped(socket.address)) return true;
  return is_any(socket.address) && !socket.only_v6;
}

bool covers_v6(const BoundSocket& socket) {
  return socket.family == AF_INET6 && !is_mapped(socket.address);
}

/// What bind(2) would answer with EADDRINUSE.
bool is_in_the_way(const BoundSocket& other, const BoundSocket& wish) {
  const bool same_family =
      (covers_v4(other) && covers_v4(wish)) || (covers_v6(other) && covers_v6(wish));
  return same_family &&
         (is_any(other.address) || is_any(wish.address) || other.address == wish.address);
}

std::string command_line_of(int pid) {
  std::string text;
  try {
    text = read_file_if_exists(fmt::format("/proc/{}/cmdline", pid)).value_or("");
  } catch (const Error&) {
    return {};  // ESRCH: it has just ended
  }
  std::ranges::replace(text, '\0', ' ');
  return std::string(trim(text));
}

PortHolder holder_of(std::uint32_t inode) {
  for (const std::string& name : list_directory("/proc")) {
    const auto pid = parse_integer<int>(name);
    if (!pid || !has_socket(*pid, inode)) continue;
    return {*pid, process_name(*pid), command_line_of(*pid)};
  }
  return {};
}

}  // namespace

std::optional<PortHolder> find_port_holder(const std::string& host_ip, std::uint16_t port,
                                           const std::string& protocol) {
  if (protocol == "sctp")
    return std::nullopt;  // sock_diag has them only where the module is loaded
  const BoundSocket wish = parse_wish(host_ip);
  NetlinkSocket netlink(NETLINK_SOCK_DIAG);
  for (const BoundSocket& socket : bound_sockets(netlink, port, protocol)) {
    if (is_in_the_way(socket, wish)) return holder_of(socket.inode);
  }
  return std::nullopt;
}

}  // namespace stack::network
