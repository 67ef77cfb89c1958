// SPDX-License-Identifier: Apache-2.0
#include "network/addresses.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "short_addresses.h"

namespace stack::network {
namespace {

NetworkSpec network(const char* subnet, const char* gateway) {
  NetworkSpec spec;
  spec.subnet = *parse_subnet(subnet);
  spec.gateway = ip(gateway);
  return spec;
}

std::string chosen(const NetworkSpec& network, const std::set<Ipv4>& taken,
                   const AddressWish<Ipv4>& wish = {}) {
  return to_text(choose_address(network, taken, wish));
}

TEST(ChooseAddress, IsTheLowestFreeOneAboveTheGateway) {
  const auto net = network("172.18.0.0/24", "172.18.0.1");
  EXPECT_EQ(chosen(net, {}), "172.18.0.2");
  EXPECT_EQ(chosen(net, {ip("172.18.0.2"), ip("172.18.0.4")}), "172.18.0.3");
}

TEST(ChooseAddress, GoesBelowAGatewayAtTheEnd) {
  EXPECT_EQ(chosen(network("10.0.0.0/24", "10.0.0.254"), {}), "10.0.0.1");
}

TEST(ChooseAddress, UsesEveryAddressOnceAndThenSaysThatNoneIsLeft) {
  const auto net = network("255.255.255.240/28", "255.255.255.241");
  std::set<Ipv4> taken;
  for (int i = 0; i < 13; ++i) EXPECT_TRUE(taken.insert(choose_address(net, taken)).second);
  EXPECT_EQ(to_text(*taken.begin()), "255.255.255.242");
  EXPECT_EQ(to_text(*taken.rbegin()), "255.255.255.254");
  try {
    choose_address(net, taken);
    FAIL() << "an address out of nothing";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no free address left in 255.255.255.240/28");
  }
}

TEST(ChooseAddress, StaysInTheRangeAndLeavesOutWhatIsReserved) {
  auto net = network("10.5.0.0/24", "10.5.0.1");
  net.range = parse_subnet("10.5.0.128/30");
  net.reserved = {ip("10.5.0.129")};
  EXPECT_EQ(chosen(net, {}), "10.5.0.128");
  EXPECT_EQ(chosen(net, {ip("10.5.0.128")}), "10.5.0.130");
  EXPECT_EQ(chosen(net, {ip("10.5.0.128"), ip("10.5.0.130")}), "10.5.0.131");
  EXPECT_THROW(chosen(net, {ip("10.5.0.128"), ip("10.5.0.130"), ip("10.5.0.131")}), Error);
}

TEST(ChooseAddress, ARangeAtTheEdgesHasNeitherTheSubnetsNameNorItsBroadcastAddress) {
  auto net = network("10.5.0.0/24", "10.5.0.1");
  net.range = parse_subnet("10.5.0.0/30");
  EXPECT_EQ(chosen(net, {}), "10.5.0.2");
  net.range = parse_subnet("10.5.0.254/31");
  EXPECT_EQ(chosen(net, {}), "10.5.0.254");
  EXPECT_THROW(chosen(net, {ip("10.5.0.254")}), Error);
}

TEST(ChooseAddress, IsTheOneAtTheWishedPlaceAmongThoseThatNobodyElseWillAskFor) {
  const auto net = network("10.5.0.0/24", "10.5.0.1");
  EXPECT_EQ(chosen(net, {}, {0, {}}), "10.5.0.2");
  EXPECT_EQ(chosen(net, {}, {3, {}}), "10.5.0.5");
  EXPECT_EQ(chosen(net, {}, {3, {ip("10.5.0.2")}}), "10.5.0.6");
  EXPECT_EQ(chosen(net, {ip("10.5.0.5")}, {3, {}}), "10.5.0.2") << "taken: the lowest one";
  EXPECT_EQ(chosen(net, {}, {1000, {}}), "10.5.0.2") << "there is no such place";
}

TEST(ChooseAddress, MayBeCountedFromTheEnd) {
  const auto net = network("10.5.0.0/24", "10.5.0.1");
  EXPECT_EQ(chosen(net, {}, {0, {}, true}), "10.5.0.254");
  EXPECT_EQ(chosen(net, {}, {2, {}, true}), "10.5.0.252");
  EXPECT_EQ(chosen(net, {}, {0, {ip("10.5.0.254")}, true}), "10.5.0.253");
  EXPECT_EQ(chosen(net, {ip("10.5.0.253")}, {1, {}, true}), "10.5.0.254") << "taken: the last one";
  const auto small = network("10.5.0.0/30", "10.5.0.1");
  EXPECT_THROW(chosen(small, {ip("10.5.0.2")}, {0, {}, true}), Error);
}

TEST(ChooseAddress, OfIpv6BeginsBehindTheGateway) {
  NetworkSpec net;
  net.enable_ipv6 = true;
  net.subnet6 = *parse_subnet6("fd00:5::/64");
  net.gateway6 = ip6("fd00:5::1");
  EXPECT_EQ(to_text(choose_address(net, std::set<Ipv6>{})), "fd00:5::2");
  EXPECT_EQ(to_text(choose_address(net, std::set<Ipv6>{ip6("fd00:5::2")})), "fd00:5::3");
  EXPECT_EQ(to_text(choose_address(net, std::set<Ipv6>{}, {4, {}})), "fd00:5::6");
  EXPECT_EQ(to_text(choose_address(net, std::set<Ipv6>{}, {1, {}, true})),
            "fd00:5::ffff:ffff:ffff:fffe");
}

TEST(GivenOut, AreNeitherTheGatewayNorReservedAddresses) {
  auto net = network("10.5.0.0/24", "10.5.0.1");
  net.reserved = {ip("10.5.0.9")};
  EXPECT_TRUE(is_given_out(net, ip("10.5.0.2")));
  for (const char* none : {"10.5.0.0", "10.5.0.1", "10.5.0.9", "10.5.0.255", "10.6.0.2"})
    EXPECT_FALSE(is_given_out(net, ip(none))) << none;
}

TEST(MacFor, IsMadeOfTheAddress) {
  EXPECT_EQ(mac_for(ip("172.18.0.2")), "02:42:ac:12:00:02");
  EXPECT_EQ(mac_for(DualAddress{{}, ip6("fd00::102:304")}), "02:42:01:02:03:04");
}

TEST(Addresses, AreCountedAsTheyAreGivenOut) {
  NetworkSpec net = network("10.0.0.0/29", "10.0.0.1");
  EXPECT_EQ(count_given_out(net), 5U);
  net.reserved = {ip("10.0.0.3"), ip("10.0.0.3"), ip("10.0.9.9")};
  EXPECT_EQ(count_given_out(net), 4U);
  net.range = *parse_subnet("10.0.0.4/32");
  EXPECT_EQ(count_given_out(net), 1U);
}

TEST(Addresses, OfNoContainerSayWhy) {
  NetworkSpec net = network("10.0.0.0/24", "10.0.0.1");
  net.name = "front";
  net.reserved = {ip("10.0.0.200")};
  const auto why = [&](const char* address) { return why_no_containers_address(net, ip(address)); };
  EXPECT_EQ(why("10.0.0.9"), "");
  EXPECT_EQ(why("10.0.1.9"), "address 10.0.1.9 is outside of subnet 10.0.0.0/24 of network front");
  EXPECT_EQ(why("10.0.0.1"), "address 10.0.0.1 is the gateway of network front");
  EXPECT_EQ(why("10.0.0.200"), "address 10.0.0.200 is kept back by aux_addresses of network front");
  EXPECT_EQ(why("10.0.0.0"), "address 10.0.0.0 is no container's in subnet 10.0.0.0/24");
  EXPECT_EQ(why("10.0.0.255"), "address 10.0.0.255 is no container's in subnet 10.0.0.0/24");
}

}  // namespace
}  // namespace stack::network
