// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_view.h"

#include <algorithm>

#include "base/text.h"

namespace stack::supervisor {
namespace {

using network::DnsView;
using network::Ipv4;

void add_name(DnsView& view, std::string_view name, Ipv4 address) {
  auto& addresses = view.names[to_lower(name)];
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

void add_container(DnsView& view, const NamedContainer& container, const std::string& network) {
  for (const Endpoint& endpoint : container.config->endpoints) {
    const auto found = container.addresses->find(network);
    if (endpoint.network != network || found == container.addresses->end()) continue;
    if (!found->second.v4) continue;
    const Ipv4 address = *found->second.v4;
    for (const std::string& alias : endpoint.aliases) add_name(view, alias, address);
    add_name(view, container.config->name, address);
    add_name(view, std::string_view(container.config->id).substr(0, 12), address);
    view.reverse[address] = to_lower(container.config->name + "." + network);
  }
}

}  // namespace

DnsView dns_view(const ContainerConfig& client, std::span<const NamedContainer> running) {
  DnsView view;
  for (const Endpoint& endpoint : client.endpoints)
    for (const NamedContainer& container : running)
      add_container(view, container, endpoint.network);
  // Looked up before any is added: a link may take the name of what it points to elsewhere.
  std::map<std::string, std::vector<Ipv4>> links;
  for (const LinkRule& link : client.links) {
    const auto target = view.names.find(to_lower(link.target));
    if (target != view.names.end()) links[to_lower(link.alias)] = target->second;
  }
  for (auto& [alias, addresses] : links) view.names[alias] = std::move(addresses);
  return view;
}

}  // namespace stack::supervisor
