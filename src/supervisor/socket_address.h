// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>

#include "network/network_spec.h"

namespace stack::supervisor {

/// An address and port of either family as the kernel takes them.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

inline SocketAddress socket_address(network::Ipv4 address, std::uint16_t port) {
  SocketAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  v4->sin_family = AF_INET;
  v4->sin_addr.s_addr = htonl(address.value);
  v4->sin_port = htons(port);
  result.size = sizeof *v4;
  return result;
}

inline SocketAddress socket_address(network::Ipv6 address, std::uint16_t port) {
  SocketAddress result;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  v6->sin6_family = AF_INET6;
  const auto bytes = network::bytes_of(address);
  std::copy(bytes.begin(), bytes.end(), v6->sin6_addr.s6_addr);
  v6->sin6_port = htons(port);
  result.size = sizeof *v6;
  return result;
}

/// Where a published port leads: by IPv4 as long as the container has that.
inline SocketAddress address_inside(const network::PublishedPort& port) {
  if (port.container_address == network::Ipv4{} && port.container_address6)
    return socket_address(*port.container_address6, port.container_port);
  return socket_address(port.container_address, port.container_port);
}

}  // namespace stack::supervisor
