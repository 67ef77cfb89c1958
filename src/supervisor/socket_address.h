// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>

#include "network/network_spec.h"

namespace stack::supervisor {

/// An address and port as the kernel takes them.
inline sockaddr_in socket_address(network::Ipv4 address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(address.value);
  result.sin_port = htons(port);
  return result;
}

}  // namespace stack::supervisor
