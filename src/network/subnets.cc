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

Ipv4 choose_address(const Subnet& subnet, Ipv4 gateway, const std::set<Ipv4>& taken) {
  // In 64 bits: the end of 255.255.255.0/24 does not fit in 32.
  const std::uint64_t first = std::uint64_t{subnet.address.value} + 1;
  const std::uint64_t broadcast = subnet.address.value + subnet.size() - 1;
  const auto lowest_free = [&](std::uint64_t from, std::uint64_t end) -> std::optional<Ipv4> {
    for (std::uint64_t value = from; value < end; ++value) {
      const Ipv4 candidate{static_cast<std::uint32_t>(value)};
      if (!taken.contains(candidate)) return candidate;
    }
    return std::nullopt;
  };
  if (const auto above = lowest_free(std::uint64_t{gateway.value} + 1, broadcast)) return *above;
  if (const auto below = lowest_free(first, gateway.value)) return *below;
  throw Error(fmt::format("no free address left in {}", to_text(subnet)))
      .with_hint("give the network a larger subnet");
}

std::string mac_for(Ipv4 address) {
  const std::uint32_t v = address.value;
  return fmt::format("02:42:{:02x}:{:02x}:{:02x}:{:02x}", v >> 24, v >> 16 & 255, v >> 8 & 255,
                     v & 255);
}

}  // namespace stack::network
