// SPDX-License-Identifier: Apache-2.0
// The rules of a container's namespace: one transaction for each container.
#pragma once

#include <cstdint>

namespace stack::network {

/// Puts container_ruleset() (firewall.h) into the thread's network namespace, in the place of what
/// was there of it: all or nothing. Throws Error. Leaves a socket open: close_firewall_sockets().
void redirect_names(std::uint16_t udp_port, std::uint16_t tcp_port);

}  // namespace stack::network
