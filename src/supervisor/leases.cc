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
  network::AddressWish<Address> other;  ///< when it is not fixed
};

FamilyWish<Ipv4> wish4(const Endpoint& endpoint) {
  return {&DualAddress::v4, &endpoint.address, {endpoint.place, endpoint.kept_free}};
}

FamilyWish<Ipv6> wish6(const Endpoint& endpoint) {
  return {&DualAddress::v6, &endpoint.address6, {endpoint.place, endpoint.kept_free6}};
}

/// Of a virtual address: never one that is fixed, be it the container's own.
template <typename Address>
FamilyWish<Address> from_the_end(FamilyWish<Address> wish, int place) {
  static const std::optional<Address> open;
  if (*wish.fixed) wish.other.kept_free.push_back(**wish.fixed);
  wish.fixed = &open;
  wish.other.place = place;
  wish.other.from_the_end = true;
  return wish;
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
  const auto& others = wish.other.kept_free;
  const bool usable = address && network::is_given_out(network.config.spec, *address) &&
                      std::ranges::find(others, *address) == others.end();
  return usable ? address : std::nullopt;
}

/// Files have been checked by preflight, but for what came in between; and `network connect` comes
/// without a file.
template <typename Address>
void check_fixed(const NetworkRecord& network, const std::string& container, Address address,
                 std::optional<Address> DualAddress::*member, const IsIdle& is_idle) {
  const network::NetworkSpec& spec = network.config.spec;
  if (const auto why = network::why_no_containers_address(spec, address); !why.empty())
    throw Error(why);
  const auto* holder = holder_of(network, member, address, container);
  if (holder != nullptr && !(is_idle && is_idle(*holder)))
    fail("address {} in network {} is already in use by {}", to_text(address), spec.name, *holder);
}

template <typename Address>
std::set<Address> taken_by_others(const NetworkRecord& network, const std::string& container,
                                  std::optional<Address> DualAddress::*member,
                                  const IsIdle& is_idle) {
  std::set<Address> taken;
  for (const auto& [name, lease] : network.leases)
    if (name != container && lease.*member && !(is_idle && is_idle(name)))
      taken.insert(*(lease.*member));
  return taken;
}

template <typename Address>
Address choose(const NetworkRecord& network, const std::string& container,
               const FamilyWish<Address>& wish, const IsIdle& is_idle) {
  if (*wish.fixed) {
    check_fixed(network, container, **wish.fixed, wish.member, is_idle);
    return **wish.fixed;
  }
  if (const auto before = kept(network, container, wish)) return *before;
  const network::NetworkSpec& spec = network.config.spec;
  const auto taken = taken_by_others(network, container, wish.member, {});
  if (const auto free = network::find_address(spec, taken, wish.other)) return *free;
  return network::choose_address(spec, taken_by_others(network, container, wish.member, is_idle),
                                 wish.other);
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
                         const Endpoint& endpoint, const IsIdle& is_idle) {
  DualAddress address;
  const network::NetworkSpec& spec = network.config.spec;
  if (endpoint.address && !spec.has_ipv4()) fail("network {} has no IPv4", spec.name);
  if (endpoint.address6 && !spec.has_ipv6()) fail("network {} has no IPv6", spec.name);
  if (spec.has_ipv4()) address.v4 = choose(network, container, wish4(endpoint), is_idle);
  if (spec.has_ipv6()) address.v6 = choose(network, container, wish6(endpoint), is_idle);
  return address;
}

void end_other_leases(NetworkRecord& network, const std::string& container,
                      const DualAddress& given) {
  for (auto& [name, lease] : network.leases) {
    if (name == container) continue;
    if (lease.v4 == given.v4) lease.v4.reset();
    if (lease.v6 == given.v6) lease.v6.reset();
  }
  std::erase_if(network.leases, [](const auto& each) { return each.second == DualAddress{}; });
}

bool has_fixed_address(const ContainerConfig& config, const std::string& network) {
  return std::ranges::any_of(config.endpoints, [&](const Endpoint& endpoint) {
    return endpoint.network == network && (endpoint.address || endpoint.address6);
  });
}

namespace {

constexpr std::string_view service_mark = "service ";

}  // namespace

std::string virtual_holder(const std::string& service) {
  return std::string(service_mark) + service;
}

bool is_virtual_holder(const std::string& holder) {
  return holder.starts_with(service_mark);
}

DualAddress choose_virtual_lease(const NetworkRecord& network, const Endpoint& endpoint) {
  DualAddress address;
  const std::string holder = virtual_holder(endpoint.vip->service);
  const int place = endpoint.vip->place;
  if (network.config.spec.has_ipv4())
    address.v4 = choose(network, holder, from_the_end(wish4(endpoint), place), {});
  if (network.config.spec.has_ipv6())
    address.v6 = choose(network, holder, from_the_end(wish6(endpoint), place), {});
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
