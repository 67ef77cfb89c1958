// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "network/dns.h"

namespace stack::network {
namespace {

const DnsAddresses* found_in(const DnsNames& names, std::string_view name) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : &found->second;
}

/// NAME of "NAME.NETWORK"; empty when it is no name of that network.
std::string_view without_network(std::string_view name, std::string_view network) {
  if (name.size() < network.size() + 2 || !name.ends_with(network)) return {};
  name.remove_suffix(network.size());
  if (name.back() != '.') return {};
  name.remove_suffix(1);
  return name;
}

}  // namespace

const DnsAddresses* find_name(const DnsView& view, std::string_view name) {
  if (const auto* own = found_in(view.own, name)) return own;
  for (const auto& zone : view.zones)
    if (const auto* found = found_in(zone->names, name)) return found;
  for (const auto& zone : view.zones)
    if (const auto* found = found_in(zone->names, without_network(name, zone->name))) return found;
  return nullptr;
}

bool is_in_network(const DnsView& view, std::string_view name) {
  return std::ranges::any_of(view.zones, [&](const auto& zone) {
    const bool is_no_domain =
        zone->name.find('_') != std::string::npos && zone->name.find('.') == std::string::npos;
    return is_no_domain && !without_network(name, zone->name).empty();
  });
}

}  // namespace stack::network
