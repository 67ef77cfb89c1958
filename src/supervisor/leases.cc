// SPDX-License-Identifier: Apache-2.0
#include "supervisor/leases.h"

#include <algorithm>

#include "base/error.h"
#include "network/addresses.h"

namespace stack::supervisor {
namespace {

using network::DualAddress;
using network::Ipv4;
using network::Ipv6;

/// What is asked for in one family.
template <typename Address>
struct FamilyWish {
  std::optional<Address> DualAddress::*member;
  const std::optional<Address>* fixed;
  const std::vector<Address>* kept_free;
};

FamilyWish<Ipv4> wish4(const Endpoint& endpoint) {
  return {&DualAddress::v4, &endpoint.address, &endpoint.kept_free};
}

FamilyWish<Ipv6> wish6(const Endpoint& endpoint) {
  return {&DualAddress::v6, &endpoint.address6, &endpoint.kept_free6};
}

template <typename Address>
const std::string* holder_of(const NetworkRecord& network, std::optional<Address> DualAddress::*at,
                             Address address, const std::string& except) {
  for (const auto& [name, lease] : network.leases)
    if (name != except && lease.*at == address) return &name;
  return nullptr;
}

/// The address it had, unless the network no longer gives it out or it belongs to another now.
template <typename Address>
std::optional<Address> kept(const NetworkRecord& network, const std::string& container,
                            const FamilyWish<Address>& wish) {
  const auto lease = network.leases.find(container);
  if (lease == network.leases.end()) return std::nullopt;
  const auto address = lease->second.*wish.member;
  const auto& others = *wish.kept_free;
  const bool usable = address && network::is_given_out(network.config.spec, *address) &&
                      std::ranges::find(others, *address) == others.end();
  return usable ? address : std::nullopt;
}

bool is_inside(const network::NetworkSpec& spec, Ipv4 address) {
  return spec.subnet.contains(address) && address != spec.gateway;
}

bool is_inside(const network::NetworkSpec& spec, Ipv6 address) {
  return spec.subnet6.contains(address) && address != spec.gateway6;
}

/// Files have been checked by preflight, but for networks of other stacks; and `network connect`
/// comes without a file.
template <typename Address>
void check_fixed(const NetworkRecord& network, const std::string& container, Address address,
                 std::optional<Address> DualAddress::*member) {
  const network::NetworkSpec& spec = network.config.spec;
  if (!is_inside(spec, address))
    fail("address {} is no container's in network {}", to_text(address), spec.name);
  if (const auto* holder = holder_of(network, member, address, container))
    fail("address {} in network {} is already in use by {}", to_text(address), spec.name, *holder);
}

template <typename Address>
Address choose(const NetworkRecord& network, const std::string& container, const Endpoint& endpoint,
               const FamilyWish<Address>& wish) {
  if (*wish.fixed) {
    check_fixed(network, container, **wish.fixed, wish.member);
    return **wish.fixed;
  }
  if (const auto before = kept(network, container, wish)) return *before;
  std::set<Address> taken;
  for (const auto& [name, lease] : network.leases)
    if (name != container && lease.*wish.member) taken.insert(*(lease.*wish.member));
  return network::choose_address(network.config.spec, taken, {endpoint.place, *wish.kept_free});
}

template <typename Address>
void keep_fixed(const NetworkRecord& network, const std::string& container,
                const FamilyWish<Address>& wish, DualAddress& lease) {
  if (!*wish.fixed) return;
  if (holder_of(network, wish.member, **wish.fixed, container) == nullptr)
    lease.*wish.member = **wish.fixed;
}

}  // namespace

DualAddress choose_lease(const NetworkRecord& network, const std::string& container,
                         const Endpoint& endpoint) {
  DualAddress address;
  const network::NetworkSpec& spec = network.config.spec;
  if (endpoint.address && !spec.has_ipv4()) fail("network {} has no IPv4", spec.name);
  if (endpoint.address6 && !spec.has_ipv6()) fail("network {} has no IPv6", spec.name);
  if (spec.has_ipv4()) address.v4 = choose(network, container, endpoint, wish4(endpoint));
  if (spec.has_ipv6()) address.v6 = choose(network, container, endpoint, wish6(endpoint));
  return address;
}

std::optional<DualAddress> reserve_lease(const NetworkRecord& network, const std::string& container,
                                         const Endpoint& endpoint) {
  const auto found = network.leases.find(container);
  const DualAddress before = found == network.leases.end() ? DualAddress{} : found->second;
  DualAddress lease = before;
  keep_fixed(network, container, wish4(endpoint), lease);
  keep_fixed(network, container, wish6(endpoint), lease);
  return lease == before ? std::nullopt : std::optional(lease);
}

}  // namespace stack::supervisor
