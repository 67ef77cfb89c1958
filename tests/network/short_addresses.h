// SPDX-License-Identifier: Apache-2.0
// Addresses as short as a test wants them.
#pragma once

#include "network/address.h"

namespace stack::network {

inline Ipv4 ip(const char* text) {
  return *parse_ipv4(text);
}

inline Ipv6 ip6(const char* text) {
  return *parse_ipv6(text);
}

}  // namespace stack::network
