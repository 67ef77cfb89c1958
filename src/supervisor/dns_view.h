// SPDX-License-Identifier: Apache-2.0
// Which names one container can see; pure.
#pragma once

#include <map>
#include <span>

#include "network/dns.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

/// A container that runs, with its address in each of its networks.
struct NamedContainer {
  const ContainerConfig* config;
  const std::map<std::string, network::DualAddress>* addresses;
};

/// Aliases, names and short ids of everybody in the networks of `client`, then the client's own
/// links, which nobody else sees.
network::DnsView dns_view(const ContainerConfig& client, std::span<const NamedContainer> running);

}  // namespace stack::supervisor
