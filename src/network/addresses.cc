// SPDX-License-Identifier: Apache-2.0
#include "network/addresses.h"

#include <algorithm>
#include <functional>

#include "base/error.h"

namespace stack::network {
namespace {

Ipv4 next(Ipv4 address) {
  return {address.value + 1};
}

Ipv6 next(Ipv6 address) {
  const std::uint64_t low = address.low + 1;
  return {low == 0 ? address.high + 1 : address.high, low};
}

Ipv4 before(Ipv4 address) {
  return {address.value - 1};
}

Ipv6 before(Ipv6 address) {
  return {address.low == 0 ? address.high - 1 : address.high, address.low - 1};
}

/// Addresses of one family that a network gives out: from `first` to `last`, but for those kept
/// back.
template <typename Address>
struct Pool {
  Address first;
  Address last;
  Address gateway;
  const std::vector<Address>* reserved;
  std::string name;  ///< for the message that it is empty

  bool contains(Address address) const {
    return first <= address && address <= last && address != gateway &&
           std::ranges::find(*reserved, address) == reserved->end();
  }
};

/// Of a /31 or /127 both addresses are usable; otherwise the first names the subnet, and the last
/// is IPv4's broadcast address.
Pool<Ipv4> pool4(const NetworkSpec& network) {
  const Subnet& subnet = network.subnet;
  const Subnet& range = network.range ? *network.range : subnet;
  Ipv4 first = range.address;
  Ipv4 last = range.last();
  if (subnet.prefix < 31) {
    if (first == subnet.address) first = next(first);
    if (last == subnet.last()) last = before(last);
  }
  return {first, last, network.gateway, &network.reserved, to_text(range)};
}

Pool<Ipv6> pool6(const NetworkSpec& network) {
  const Subnet6& subnet = network.subnet6;
  const Subnet6& range = network.range6 ? *network.range6 : subnet;
  Ipv6 first = range.address;
  if (subnet.prefix < 127 && first == subnet.address) first = next(first);
  return {first, range.last(), network.gateway6, &network.reserved6, to_text(range)};
}

/// The first address from `from` to `to` that `fits`.
template <typename Address>
std::optional<Address> first_between(Address from, Address to,
                                     const std::function<bool(Address)>& fits) {
  for (Address candidate = from; candidate <= to; candidate = next(candidate)) {
    if (fits(candidate)) return candidate;
    if (candidate == to) break;  // the last of all has no next
  }
  return std::nullopt;
}

/// The first in the order of giving out: above the gateway, then below.
template <typename Address>
std::optional<Address> first_of(const Pool<Address>& pool,
                                const std::function<bool(Address)>& fits) {
  const bool around = pool.first <= pool.gateway && pool.gateway <= pool.last;
  if (!around) return first_between(pool.first, pool.last, fits);
  if (pool.gateway != pool.last) {
    if (const auto above = first_between(next(pool.gateway), pool.last, fits)) return above;
  }
  if (pool.gateway == pool.first) return std::nullopt;
  return first_between(pool.first, before(pool.gateway), fits);
}

template <typename Address>
std::optional<Address> last_of(const Pool<Address>& pool,
                               const std::function<bool(Address)>& fits) {
  for (Address candidate = pool.last;; candidate = before(candidate)) {
    if (fits(candidate)) return candidate;
    if (candidate == pool.first) return std::nullopt;
  }
}

template <typename Address>
std::optional<Address> find(const Pool<Address>& pool, const std::set<Address>& taken,
                            const AddressWish<Address>& wish) {
  const auto may_be_given = [&](Address address) {
    return pool.contains(address) &&
           std::ranges::find(wish.kept_free, address) == wish.kept_free.end();
  };
  const auto first = [&](const std::function<bool(Address)>& fits) {
    return wish.from_the_end ? last_of(pool, fits) : first_of(pool, fits);
  };
  if (wish.place >= 0) {
    int left = wish.place;
    const auto wished = first([&](Address a) { return may_be_given(a) && left-- == 0; });
    if (wished && !taken.contains(*wished)) return *wished;
  }
  return first([&](Address a) { return may_be_given(a) && !taken.contains(a); });
}

template <typename Address>
Address choose(const Pool<Address>& pool, const std::set<Address>& taken,
               const AddressWish<Address>& wish) {
  if (const auto free = find(pool, taken, wish)) return *free;
  throw Error(fmt::format("no free address left in {}", pool.name))
      .with_hint("give the network a larger subnet");
}

constexpr std::uint64_t plenty = std::uint64_t{1} << 32;

std::uint64_t distance(Ipv4 from, Ipv4 to) {
  return from <= to ? std::uint64_t{to.value} - from.value + 1 : 0;
}

std::uint64_t distance(Ipv6 from, Ipv6 to) {
  if (from.high != to.high || to.low - from.low >= plenty) return from <= to ? plenty : 0;
  return from <= to ? to.low - from.low + 1 : 0;
}

template <typename Address>
std::uint64_t count(const Pool<Address>& pool) {
  std::set<Address> kept_back{pool.gateway};
  kept_back.insert(pool.reserved->begin(), pool.reserved->end());
  const auto is_inside = [&](Address a) { return pool.first <= a && a <= pool.last; };
  const auto lost = static_cast<std::uint64_t>(std::ranges::count_if(kept_back, is_inside));
  return distance(pool.first, pool.last) - lost;
}

bool names_all_of(const Subnet& subnet, Ipv4 address) {
  return subnet.prefix < 31 && (address == subnet.address || address == subnet.last());
}

bool names_all_of(const Subnet6& subnet, Ipv6 address) {
  return subnet.prefix < 127 && address == subnet.address;
}

template <typename Net, typename Address>
std::string why_no_containers_address(const std::string& network, const Net& subnet,
                                      Address gateway, const std::vector<Address>& reserved,
                                      Address address) {
  const std::string text = to_text(address);
  if (!subnet.contains(address))
    return fmt::format("address {} is outside of subnet {} of network {}", text, to_text(subnet),
                       network);
  if (address == gateway)
    return fmt::format("address {} is the gateway of network {}", text, network);
  if (std::ranges::find(reserved, address) != reserved.end())
    return fmt::format("address {} is kept back by aux_addresses of network {}", text, network);
  if (names_all_of(subnet, address))
    return fmt::format("address {} is no container's in subnet {}", text, to_text(subnet));
  return "";
}

}  // namespace

Ipv4 choose_address(const NetworkSpec& network, const std::set<Ipv4>& taken,
                    const AddressWish<Ipv4>& wish) {
  return choose(pool4(network), taken, wish);
}

Ipv6 choose_address(const NetworkSpec& network, const std::set<Ipv6>& taken,
                    const AddressWish<Ipv6>& wish) {
  return choose(pool6(network), taken, wish);
}

std::optional<Ipv4> find_address(const NetworkSpec& network, const std::set<Ipv4>& taken,
                                 const AddressWish<Ipv4>& wish) {
  return find(pool4(network), taken, wish);
}

std::optional<Ipv6> find_address(const NetworkSpec& network, const std::set<Ipv6>& taken,
                                 const AddressWish<Ipv6>& wish) {
  return find(pool6(network), taken, wish);
}

std::uint64_t count_given_out(const NetworkSpec& network) {
  std::uint64_t least = plenty;
  if (network.has_ipv4()) least = std::min(least, count(pool4(network)));
  if (network.has_ipv6()) least = std::min(least, count(pool6(network)));
  return least;
}

std::string why_no_containers_address(const NetworkSpec& network, Ipv4 address) {
  return why_no_containers_address(network.name, network.subnet, network.gateway, network.reserved,
                                   address);
}

std::string why_no_containers_address(const NetworkSpec& network, Ipv6 address) {
  return why_no_containers_address(network.name, network.subnet6, network.gateway6,
                                   network.reserved6, address);
}

bool is_given_out(const NetworkSpec& network, Ipv4 address) {
  return pool4(network).contains(address);
}

bool is_given_out(const NetworkSpec& network, Ipv6 address) {
  return pool6(network).contains(address);
}

std::string mac_for(Ipv4 address) {
  const std::uint32_t v = address.value;
  return fmt::format("02:42:{:02x}:{:02x}:{:02x}:{:02x}", v >> 24, v >> 16 & 255, v >> 8 & 255,
                     v & 255);
}

std::string mac_for(Ipv6 address) {
  return mac_for(Ipv4{static_cast<std::uint32_t>(address.low)});
}

std::string mac_for(const DualAddress& address) {
  if (address.v4) return mac_for(*address.v4);
  return mac_for(address.v6.value_or(Ipv6{}));
}

}  // namespace stack::network
