// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_view.h"

#include <algorithm>
#include <iterator>

#include "base/ids.h"
#include "base/text.h"

namespace stack::supervisor {
namespace {

using network::DnsAddresses;
using network::DnsView;
using network::DnsZone;
using network::DualAddress;

template <typename Address>
void add_once(std::vector<Address>& list, const std::optional<Address>& address) {
  if (address && std::ranges::find(list, *address) == list.end()) list.push_back(*address);
}

void add(DnsAddresses& addresses, const DualAddress& address) {
  add_once(addresses.v4, address.v4);
  add_once(addresses.v6, address.v6);
}

void add_reverse(DnsZone& zone, const std::string& name, const DualAddress& address) {
  const std::string whole = to_lower(name) + "." + zone.name;
  if (address.v4) zone.reverse[*address.v4] = whole;
  if (address.v6) zone.reverse6[*address.v6] = whole;
}

/// Null where its service has none.
const DualAddress* virtual_address(const NamedContainer& container, const Endpoint& endpoint) {
  if (!endpoint.vip || container.virtual_addresses == nullptr) return nullptr;
  const auto found = container.virtual_addresses->find(endpoint.network);
  return found == container.virtual_addresses->end() ? nullptr : &found->second;
}

void add_container(DnsZone& zone, const NamedContainer& container, const Endpoint& endpoint,
                   const DualAddress& address) {
  const ContainerConfig& config = *container.config;
  const DualAddress* const shared = virtual_address(container, endpoint);
  const auto add_name = [&](const std::string& name) {
    const bool is_shared = shared != nullptr && std::ranges::find(endpoint.vip->names, name) !=
                                                    endpoint.vip->names.end();
    add(zone.names[to_lower(name)], is_shared ? *shared : address);
  };
  for (const std::string& alias : endpoint.aliases) add_name(alias);
  add_name(config.name);
  add_name(short_id(config.id));
  add_reverse(zone, config.name, address);
  if (shared == nullptr) return;
  add(zone.names["tasks." + to_lower(endpoint.vip->service)], address);
  add_reverse(zone, endpoint.vip->service, *shared);
}

DualAddress parse_host(const std::string& text, const DualAddress& host_gateway) {
  if (text == "host-gateway") return host_gateway;
  return {network::parse_ipv4(text), network::parse_ipv6(text)};
}

}  // namespace

DnsZone dns_zone(const network::NetworkSpec& network, std::span<const NamedContainer> running) {
  DnsZone zone;
  zone.name = to_lower(network.name);
  zone.subnet = network.subnet;
  zone.subnet6 = network.subnet6;
  for (const NamedContainer& container : running) {
    const auto address = container.addresses->find(network.name);
    if (address == container.addresses->end()) continue;
    for (const Endpoint& endpoint : container.config->endpoints)
      if (endpoint.network == network.name)
        add_container(zone, container, endpoint, address->second);
  }
  return zone;
}

namespace {

/// All looked up before any is added: a link may take the name of what it points to elsewhere.
network::DnsNames links_of(const ContainerConfig& client, const DnsView& view) {
  network::DnsNames links;
  const auto add_links = [&](const std::vector<LinkRule>& rules, const DnsView& where) {
    for (const LinkRule& link : rules)
      if (const auto* target = find_name(where, to_lower(link.target)))
        links[to_lower(link.alias)] = *target;
  };
  add_links(client.links, view);
  for (const Endpoint& endpoint : client.endpoints) {
    if (endpoint.links.empty()) continue;
    DnsView network;
    std::ranges::copy_if(
        view.zones, std::back_inserter(network.zones),
        [name = to_lower(endpoint.network)](const auto& zone) { return zone->name == name; });
    add_links(endpoint.links, network);
  }
  return links;
}

}  // namespace

DnsView dns_view(const ContainerConfig& client, std::vector<std::shared_ptr<const DnsZone>> zones,
                 DualAddress host_gateway) {
  DnsView view;
  view.zones = std::move(zones);
  network::DnsNames links = links_of(client, view);
  network::DnsNames hosts;
  for (const auto& [name, address] : client.extra_hosts)
    add(hosts[to_lower(name)], parse_host(address, host_gateway));
  // Who asks name servers only gets there too (RFC 6761, 6.3).
  hosts.try_emplace("localhost", DnsAddresses{{network::Ipv4{0x7f000001}}, {network::Ipv6{0, 1}}});
  view.own = std::move(hosts);
  view.own.merge(links);
  return view;
}

}  // namespace stack::supervisor
