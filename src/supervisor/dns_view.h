// SPDX-License-Identifier: Apache-2.0
// Which names one container can see; pure.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "network/dns.h"
#include "network/network_spec.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

/// A container that runs, with its addresses in each of its networks.
struct NamedContainer {
  const ContainerConfig* config;
  const std::map<std::string, network::DualAddress>* addresses;
  /// Of its service, by network; null: none.
  const std::map<std::string, network::DualAddress>* virtual_addresses = nullptr;
};

/// Names, aliases and short ids of everybody in a network; a service's name has the addresses of
/// all its containers, or its virtual one alone, and "tasks.SERVICE" has the others then.
network::DnsZone dns_zone(const network::NetworkSpec& network,
                          std::span<const NamedContainer> running);

/// What `client` sees: `zones` of its networks, in its order, and names that nobody else sees: its
/// links, and over them its extra hosts, which are in its /etc/hosts, too. Programs that have
/// resolvers of their own (nginx, envoy) look there only. `host_gateway` is what that word means.
network::DnsView dns_view(const ContainerConfig& client,
                          std::vector<std::shared_ptr<const network::DnsZone>> zones,
                          network::DualAddress host_gateway);

}  // namespace stack::supervisor
