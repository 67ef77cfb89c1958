// SPDX-License-Identifier: Apache-2.0
#include "network/subnets.h"

#include <algorithm>

#include "base/error.h"

namespace stack::network {
namespace {

/// A range of addresses that is given out in pieces of one size.
struct Pool {
  Subnet range;
  int piece;  ///< prefix length of what is given out

  std::uint64_t pieces() const { return std::uint64_t{1} << (piece - range.prefix); }
  Subnet at(std::uint64_t index) const {
    return {{range.address.value + static_cast<std::uint32_t>(index << (32 - piece))}, piece};
  }
};

constexpr Subnet subnet(std::uint32_t a, std::uint32_t b, std::uint32_t c, int prefix) {
  return {{a << 24 | b << 16 | c << 8}, prefix};
}

constexpr Pool network_pools[] = {
    {subnet(172, 16, 0, 12), 20},
    {subnet(192, 168, 0, 16), 24},
    {subnet(10, 128, 0, 9), 20},
};

// Apart from the networks' pools, so that a /30 does not spoil a /20. The second and third are for
// hosts where all of 10/8 is routed into a VPN.
constexpr Pool uplink_pools[] = {
    {subnet(10, 127, 0, 16), 30},
    {subnet(172, 31, 240, 20), 30},
    {subnet(192, 168, 255, 24), 30},
};

std::optional<Subnet> free_piece(const Pool& pool, std::span<const Subnet> taken,
                                 std::uint64_t seed) {
  const std::uint64_t count = pool.pieces();
  for (std::uint64_t i = 0; i < count; ++i) {
    const Subnet candidate = pool.at((seed % count + i) % count);
    if (std::ranges::none_of(taken, [&](const Subnet& t) { return t.overlaps(candidate); })) {
      return candidate;
    }
  }
  return std::nullopt;
}

Subnet choose(std::span<const Pool> pools, std::span<const Subnet> taken, std::uint64_t seed) {
  for (const Pool& pool : pools) {
    if (const auto found = free_piece(pool, taken, seed)) return *found;
  }
  throw Error("no free subnet: the host's routes and other networks cover every address pool")
      .with_hint("give the network a subnet of its own: ipam: {config: [{subnet: ...}]}");
}

}  // namespace

Subnet choose_subnet(std::span<const Subnet> taken, std::uint64_t seed) {
  return choose(network_pools, taken, seed);
}

Subnet choose_uplink(std::span<const Subnet> taken, std::uint64_t seed) {
  return choose(uplink_pools, taken, seed);
}

namespace {

/// The stack's own /48.
Ipv6 unique_local(std::uint64_t stack_seed) {
  return {std::uint64_t{0xfd} << 56 | (stack_seed & 0xffffffffff) << 16, 0};
}

}  // namespace

Subnet6 choose_subnet6(std::span<const Subnet6> taken, std::uint64_t stack_seed,
                       std::uint64_t seed) {
  constexpr std::uint64_t count = 0xffff;  // the last one is the uplink's
  for (std::uint64_t i = 0; i < count; ++i) {
    Subnet6 candidate{unique_local(stack_seed), 64};
    candidate.address.high |= (seed % count + i) % count;
    if (std::ranges::none_of(taken, [&](const Subnet6& t) { return t.overlaps(candidate); }))
      return candidate;
  }
  throw Error("no free IPv6 subnet: everything below fd00::/8 that this stack may use is routed")
      .with_hint("give the network a subnet of its own: ipam: {config: [{subnet: ...}]}");
}

Subnet6 uplink_subnet6(std::uint64_t stack_seed) {
  Subnet6 subnet{unique_local(stack_seed), 126};
  subnet.address.high |= 0xffff;
  return subnet;
}

Subnet subnet_of(const UplinkSpec& uplink) {
  return {Ipv4{uplink.host_address.value & ~std::uint32_t{3}}, 30};
}

std::optional<Subnet6> subnet6_of(const UplinkSpec& uplink) {
  if (!uplink.host_address6) return std::nullopt;
  Ipv6 first = *uplink.host_address6;
  first.low &= ~std::uint64_t{3};
  return Subnet6{first, 126};
}

}  // namespace stack::network
