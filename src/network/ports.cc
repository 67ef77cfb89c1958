// SPDX-License-Identifier: Apache-2.0
#include "network/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

namespace stack::network {

PortTaken::PortTaken(std::string where, const std::string& whose, int pid)
    : Error(fmt::format("Bind for {} failed: port is already allocated{}", where, whose)),
      where_(std::move(where)),
      pid_(pid) {
  with_hint("stop its holder, or publish another host port");
}

std::string endpoint_text(const std::string& ip, std::uint16_t port) {
  const bool is_v6 = ip.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
}

namespace {

/// A socket address of either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

SocketAddress socket_address(const std::string& ip, std::uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
  } else {
    fail("\"{}\" is not an IP address", ip);
  }
  return address;
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) != 0) throw_errno("setting a socket option");
}

std::string describe(const PortHolder& holder) {
  if (holder.pid == 0) return " by a process that cannot be seen from here";
  return fmt::format(" by {} (pid {})", printable(holder.command), holder.pid);
}

/// The kernel's refusal of bind(2) or listen(2), with who is in the way.
[[noreturn]] void throw_refused(const std::string& ip, std::uint16_t port,
                                const std::string& protocol, int error_number) {
  const auto where = endpoint_text(ip, port);
  if (error_number != EADDRINUSE) throw Error("Bind for " + where + " failed", error_number);
  const auto holder = find_port_holder(ip, port, protocol);
  if (!holder) throw PortTaken(where, "");
  throw PortTaken(where, describe(*holder), holder->pid);
}

std::uint16_t port_of(int fd) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(fd, bound.get(), &bound.length) != 0) throw_errno("getsockname");
  // Both families keep it at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
}

}  // namespace

namespace {

int protocol_number(const std::string& protocol) {
  return protocol == "sctp" ? IPPROTO_SCTP : 0;
}

/// Of SCTP: bound, but not listening. Who comes from elsewhere is translated, and whoever gets as
/// far as this socket is refused.
Fd port_socket(int family, const std::string& protocol, const std::string& where) {
  const int type = protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM;
  Fd socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol_number(protocol)));
  if (socket) return socket;
  if (errno == EPROTONOSUPPORT && protocol == "sctp")
    throw Error("this kernel has no SCTP").with_hint("modprobe sctp");
  throw_errno("making a {} socket for {}", protocol, where);
}

}  // namespace

bool can_bind(const std::string& host_ip) {
  // UDP at a port of the kernel's choice: nobody is in the way, and nobody is in anybody's.
  SocketAddress address = socket_address(host_ip, 0);
  const Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno != EAFNOSUPPORT;
  return ::bind(socket.get(), address.get(), address.length) == 0 || errno != EADDRNOTAVAIL;
}

bool has_sctp() {
  return static_cast<bool>(
      Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol_number("sctp"))));
}

std::pair<Fd, std::uint16_t> hold_port(const std::string& host_ip, std::uint16_t port,
                                       const std::string& protocol) {
  SocketAddress address = socket_address(host_ip, port);
  const bool is_tcp = protocol == "tcp";
  Fd socket = port_socket(address.family(), protocol, endpoint_text(host_ip, port));
  // Old connections in TIME_WAIT are no holders; another listener still is one. Never for UDP,
  // where it would let two sockets share the port.
  if (is_tcp) set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.family() == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(socket.get(), address.get(), address.length) != 0 ||
      (is_tcp && ::listen(socket.get(), SOMAXCONN) != 0)) {
    throw_refused(host_ip, port, protocol, errno);
  }
  const std::uint16_t bound = port_of(socket.get());
  return {std::move(socket), bound};
}

}  // namespace stack::network
