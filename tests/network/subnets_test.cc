// SPDX-License-Identifier: Apache-2.0
#include "network/subnets.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "base/error.h"
#include "short_addresses.h"

namespace stack::network {
namespace {

Subnet subnet(const char* text) {
  return *parse_subnet(text);
}
/// A property as a test.
template <typename Property>
void expect_always(const char* claim, Property property) {
  EXPECT_TRUE(rc::check(claim, property));
}

Subnet any_subnet() {
  const int prefix = *rc::gen::inRange(4, 31);
  const auto bits = *rc::gen::arbitrary<std::uint32_t>();
  return {{bits & ~std::uint32_t{0} << (32 - prefix)}, prefix};
}

std::vector<Subnet> any_subnets() {
  std::vector<Subnet> subnets;
  for (int count = *rc::gen::inRange(0, 12); count > 0; --count) subnets.push_back(any_subnet());
  return subnets;
}

TEST(Ipv4, IsReadAndWrittenAsDottedQuad) {
  EXPECT_EQ(to_text(ip("172.18.0.2")), "172.18.0.2");
  EXPECT_FALSE(parse_ipv4("172.18.0"));
  EXPECT_FALSE(parse_ipv4("172.18.0.256"));
  EXPECT_FALSE(parse_ipv4("::1"));
}

TEST(Subnet, IsReadWithItsHostBitsCleared) {
  EXPECT_EQ(to_text(subnet("172.18.3.4/16")), "172.18.0.0/16");
  EXPECT_EQ(to_text(subnet("1.2.3.4/0")), "0.0.0.0/0");
  for (const char* wrong : {"172.18.0.0", "172.18.0.0/33", "172.18.0.0/-1", "/16", "a/16"}) {
    EXPECT_FALSE(parse_subnet(wrong)) << wrong;
  }
}

TEST(Subnet, OverlapsWhenOneContainsTheOther) {
  EXPECT_TRUE(subnet("10.0.0.0/8").overlaps(subnet("10.1.2.0/24")));
  EXPECT_TRUE(subnet("10.1.2.0/24").overlaps(subnet("10.0.0.0/8")));
  EXPECT_FALSE(subnet("10.1.2.0/24").overlaps(subnet("10.1.3.0/24")));
  EXPECT_EQ(subnet("10.1.2.0/24").size(), 256U);
}

TEST(Subnet, OverlapIsHavingAnAddressInCommon) {
  expect_always("symmetric, and contains() of either base address", [] {
    const Subnet a = any_subnet();
    const Subnet b = any_subnet();
    RC_ASSERT(a.overlaps(b) == b.overlaps(a));
    RC_ASSERT(a.overlaps(b) == (a.contains(b.address) || b.contains(a.address)));
    RC_ASSERT(a.overlaps(a));
  });
}

TEST(ChooseSubnet, NeverOverlapsWhatIsTaken) {
  expect_always("a network and an uplink avoid everything taken", [] {
    auto taken = any_subnets();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    // Without this the pools may all be covered, which is another test.
    std::erase_if(taken, [](const Subnet& s) { return s.overlaps(subnet("192.168.0.0/16")); });
    const Subnet network = choose_subnet(taken, seed);
    const Subnet uplink = choose_uplink(taken, seed);
    for (const Subnet& other : taken) {
      RC_ASSERT(!network.overlaps(other));
      RC_ASSERT(!uplink.overlaps(other));
    }
    RC_ASSERT(uplink.prefix == 30);
    RC_ASSERT(choose_subnet(taken, seed) == network);
  });
}

TEST(ChooseSubnet, TakesAPlaceThatDependsOnTheSeed) {
  EXPECT_EQ(to_text(choose_subnet({}, 0)), "172.16.0.0/20");
  EXPECT_EQ(to_text(choose_subnet({}, 17)), "172.17.16.0/20");
  EXPECT_EQ(to_text(choose_subnet({}, 256 + 17)), "172.17.16.0/20");
}

TEST(ChooseSubnet, GoesOnToTheNextPoolWhenOneIsCovered) {
  const std::vector<Subnet> one = {subnet("172.16.0.0/12")};
  const std::vector<Subnet> two = {subnet("172.16.0.0/12"), subnet("192.168.0.0/16")};
  EXPECT_EQ(to_text(choose_subnet(one, 3)), "192.168.3.0/24");
  EXPECT_EQ(to_text(choose_subnet(two, 3)), "10.128.48.0/20");
  EXPECT_EQ(to_text(choose_uplink(std::vector<Subnet>{subnet("10.0.0.0/8")}, 0)),
            "172.31.240.0/30");
}

TEST(ChooseSubnet, SaysSoWhenEverythingIsTaken) {
  const std::vector<Subnet> taken = {subnet("0.0.0.0/0")};
  EXPECT_THROW(choose_subnet(taken, 0), Error);
  EXPECT_THROW(choose_uplink(taken, 0), Error);
}

TEST(ChooseSubnet, GivesManyStacksPlacesOfTheirOwn) {
  std::vector<Subnet> taken;
  for (std::uint64_t seed = 0; seed < 600; ++seed) taken.push_back(choose_subnet(taken, seed * 7));
  for (std::size_t i = 0; i < taken.size(); ++i) {
    for (std::size_t j = i + 1; j < taken.size(); ++j) {
      ASSERT_FALSE(taken[i].overlaps(taken[j])) << to_text(taken[i]) << " " << to_text(taken[j]);
    }
  }
}

TEST(ChooseSubnet6, IsOfTheStacksOwnRangeAndTheSameEachTime) {
  const Subnet6 first = choose_subnet6({}, 0x1234567890, 7);
  EXPECT_EQ(to_text(first), "fd12:3456:7890:7::/64");
  const Subnet6 next = choose_subnet6(std::vector{first}, 0x1234567890, 7);
  EXPECT_EQ(to_text(next), "fd12:3456:7890:8::/64");
  EXPECT_EQ(to_text(uplink_subnet6(0x1234567890)), "fd12:3456:7890:ffff::/126");
}

}  // namespace
}  // namespace stack::network
