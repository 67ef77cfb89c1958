// SPDX-License-Identifier: Apache-2.0
#include "network/conntrack.h"
#include "short_addresses.h"

#include <gtest/gtest.h>

namespace stack::network {
namespace {

/// From a neighbour to port 53 of the host, answered by `answerer`.
Flow flow(const char* answerer, std::uint16_t port, const char* to = "192.0.2.1") {
  return {"udp", ip("192.0.2.9"), 40000, ip(to), 53, ip(answerer), port};
}

bool stale(const Flow& flow, const std::vector<PublishedPort>& published) {
  return is_stale(flow, published, {ip("192.0.2.1"), ip("127.0.0.1")},
                  {{*parse_subnet("172.18.0.0/24")}, {}});
}

const PublishedPort dns{"0.0.0.0", 53, "udp", ip("172.18.0.2"), 5353};

TEST(StaleFlows, AFlowToAContainerThatHasThePortNoMore) {
  EXPECT_FALSE(stale(flow("172.18.0.2", 5353), {dns}));
  EXPECT_TRUE(stale(flow("172.18.0.3", 5353), {dns}));
  EXPECT_TRUE(stale(flow("172.18.0.2", 53), {dns}));
  EXPECT_TRUE(stale(flow("172.18.0.2", 5353), {}));
}

TEST(StaleFlows, AFlowThatBeganBeforeThePortWasPublished) {
  EXPECT_TRUE(stale(flow("192.0.2.1", 53), {dns}));
  EXPECT_FALSE(stale(flow("192.0.2.1", 53), {}));
}

TEST(StaleFlows, OthersFlowsAreLeftAlone) {
  EXPECT_FALSE(stale(flow("198.51.100.8", 53, "198.51.100.8"), {dns})) << "to the world";
  EXPECT_FALSE(stale(flow("10.9.8.7", 53), {})) << "somebody else's translation";
  EXPECT_FALSE(stale(flow("172.18.0.2", 53, "172.18.0.2"), {})) << "to a container itself";
  EXPECT_FALSE(stale(flow("127.0.0.1", 53, "127.0.0.1"), {dns})) << "carried by the supervisor";
}

TEST(StaleFlows, APortOnOneAddressIsLookedUpByIt) {
  PublishedPort one = dns;
  one.host_ip = "192.0.2.1";
  EXPECT_TRUE(stale(flow("192.0.2.1", 53), {one}));
  one.host_ip = "192.0.2.77";
  EXPECT_FALSE(stale(flow("192.0.2.1", 53), {one}));
}

Flow flow6(const char* answerer, std::uint16_t port, const char* to = "2001:db8::1") {
  return {"udp", ip6("2001:db8::9"), 40000, ip6(to), 53, ip6(answerer), port};
}

bool stale6(const Flow& flow, const std::vector<PublishedPort>& published) {
  return is_stale(flow, published, {ip("192.0.2.1"), ip6("2001:db8::1"), ip6("::1")},
                  {{*parse_subnet("172.18.0.0/24")}, {*parse_subnet6("fd00:1::/64")}});
}

PublishedPort dns6(const char* host = "::") {
  return {host, 53, "udp", ip("172.18.0.2"), 5353, ip6("fd00:1::2")};
}

TEST(StaleFlows, OfIpv6AreJudgedByTheSameRules) {
  EXPECT_FALSE(stale6(flow6("fd00:1::2", 5353), {dns6()}));
  EXPECT_TRUE(stale6(flow6("fd00:1::3", 5353), {dns6()})) << "another container";
  EXPECT_TRUE(stale6(flow6("fd00:1::2", 5353), {})) << "the port is no more";
  EXPECT_TRUE(stale6(flow6("2001:db8::1", 53), {dns6()})) << "it is new";
  EXPECT_TRUE(stale6(flow6("2001:db8::1", 53), {dns6("2001:db8::1")}));
  EXPECT_FALSE(stale6(flow6("2001:db8::1", 53), {dns6("2001:db8::7")}));
  EXPECT_FALSE(stale6(flow6("2001:db8::8", 53, "2001:db8::8"), {dns6()})) << "to the world";
  EXPECT_FALSE(stale6(flow6("::1", 53, "::1"), {dns6()})) << "carried by the supervisor";
  EXPECT_FALSE(stale6(flow6("2001:db8::1", 53), {dns6("0.0.0.0")})) << "the other family's";
}

TEST(StaleFlows, APortOfAContainerWithoutIpv6IsNotTranslatedThere) {
  PublishedPort port = dns6();
  port.container_address6.reset();
  EXPECT_FALSE(stale6(flow6("2001:db8::1", 53), {port}));
  EXPECT_TRUE(stale6(flow6("fd00:1::2", 5353), {port})) << "its last one had it";
}

TEST(LostTargets, AreThoseThatAVirtualAddressLedTo) {
  const DualAddress one{ip("172.18.0.2"), ip6("fd00:1::2")};
  const DualAddress two{ip("172.18.0.3"), {}};
  const VirtualAddress both{"front", "web", {ip("172.18.0.254"), ip6("fd00:1::ff")}, {one, two}};
  VirtualAddress rest = both;
  rest.targets = {two};
  EXPECT_TRUE(lost_targets({}, {both}).empty());
  EXPECT_TRUE(lost_targets({both}, {both}).empty());
  EXPECT_EQ(lost_targets({both}, {rest}), (LostTargets{{ip("172.18.0.254"), {ip("172.18.0.2")}},
                                                       {ip6("fd00:1::ff"), {ip6("fd00:1::2")}}}));
  EXPECT_EQ(lost_targets({rest}, {}), (LostTargets{{ip("172.18.0.254"), {ip("172.18.0.3")}}}));
}

TEST(MovedPorts, AreThoseThatDifferAndHaveNoConnections) {
  PublishedPort web{"0.0.0.0", 80, "tcp", ip("172.18.0.2"), 80};
  PublishedPort moved = dns;
  moved.container_address = ip("172.18.0.9");
  EXPECT_TRUE(moved_ports({dns}, {dns, web}).empty());
  EXPECT_EQ(moved_ports({dns}, {moved}), std::vector{dns});
  EXPECT_EQ(moved_ports({dns}, {}), std::vector{dns});
  EXPECT_EQ(moved_ports({}, {moved}), std::vector{moved});
}

}  // namespace
}  // namespace stack::network
