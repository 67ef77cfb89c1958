// SPDX-License-Identifier: Apache-2.0
#include "supervisor/leases.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::supervisor {
namespace {

using network::Ipv4;

Ipv4 ip(const char* text) {
  return *network::parse_ipv4(text);
}

/// The network "front", in which db has 10.5.0.2.
NetworkRecord front() {
  NetworkRecord record;
  record.config.spec.name = "front";
  record.config.spec.subnet = *network::parse_subnet("10.5.0.0/24");
  record.config.spec.gateway = ip("10.5.0.1");
  record.leases["shop-db-1"].v4 = ip("10.5.0.2");
  return record;
}

Endpoint endpoint() {
  Endpoint endpoint;
  endpoint.network = "front";
  return endpoint;
}

std::string leased(const NetworkRecord& record, const std::string& container,
                   const Endpoint& endpoint) {
  return to_text(*choose_lease(record, container, endpoint).v4);
}

TEST(Lease, IsTheOneFromLastTime) {
  EXPECT_EQ(leased(front(), "shop-db-1", endpoint()), "10.5.0.2");
  EXPECT_EQ(leased(front(), "shop-web-1", endpoint()), "10.5.0.3");
}

TEST(Lease, MovesAwayFromWhatTheFileGivesToAnother) {
  Endpoint db = endpoint();
  db.kept_free = {ip("10.5.0.2")};
  EXPECT_EQ(leased(front(), "shop-db-1", db), "10.5.0.3");
}

TEST(Lease, LeavesAnAddressThatTheNetworkNoLongerGivesOut) {
  NetworkRecord record = front();
  record.config.spec.reserved = {ip("10.5.0.2")};
  EXPECT_EQ(leased(record, "shop-db-1", endpoint()), "10.5.0.3");
}

TEST(Lease, OfAFixedAddressNamesWhoHasIt) {
  Endpoint web = endpoint();
  web.address = ip("10.5.0.2");
  try {
    choose_lease(front(), "shop-web-1", web);
    FAIL() << "two containers with one address";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "address 10.5.0.2 in network front is already in use by shop-db-1");
  }
  web.address = ip("10.5.0.9");
  EXPECT_EQ(leased(front(), "shop-web-1", web), "10.5.0.9");
}

TEST(Lease, OfAFixedAddressMustBeOneOfTheNetwork) {
  Endpoint web = endpoint();
  for (const char* wrong : {"10.6.0.2", "10.5.0.1"}) {
    web.address = ip(wrong);
    EXPECT_THROW(choose_lease(front(), "shop-web-1", web), Error) << wrong;
  }
  web.address.reset();
  web.address6 = network::parse_ipv6("fd00::2");
  EXPECT_THROW(choose_lease(front(), "shop-web-1", web), Error) << "it has no IPv6";
}

TEST(Lease, HasAnAddressOfEachFamilyThatTheNetworkHas) {
  NetworkRecord record = front();
  record.config.spec.enable_ipv6 = true;
  record.config.spec.subnet6 = *network::parse_subnet6("fd00:5::/64");
  record.config.spec.gateway6 = *network::parse_ipv6("fd00:5::1");
  const auto both = choose_lease(record, "shop-db-1", endpoint());
  EXPECT_EQ(to_text(*both.v4), "10.5.0.2");
  EXPECT_EQ(to_text(*both.v6), "fd00:5::2");
  record.config.spec.enable_ipv4 = false;
  EXPECT_FALSE(choose_lease(record, "shop-db-1", endpoint()).v4);
}

std::string leased_virtually(const NetworkRecord& record, Endpoint web) {
  web.vip = VirtualSeat{"web", {"web"}, web.vip ? web.vip->place : 0};
  return to_text(*choose_virtual_lease(record, web).v4);
}

TEST(VirtualLease, IsFromTheEndAndTheSameAsLastTime) {
  NetworkRecord record = front();
  EXPECT_EQ(leased_virtually(record, endpoint()), "10.5.0.254");
  Endpoint second = endpoint();
  second.vip = VirtualSeat{"web", {}, 1};
  EXPECT_EQ(leased_virtually(record, second), "10.5.0.253");
  record.leases[virtual_holder("web")].v4 = ip("10.5.0.77");
  EXPECT_EQ(leased_virtually(record, endpoint()), "10.5.0.77");
  EXPECT_EQ(leased(record, "shop-web-1", endpoint()), "10.5.0.3");
}

TEST(VirtualLease, IsNeverAFixedAddress) {
  Endpoint web = endpoint();
  web.address = ip("10.5.0.254");
  EXPECT_EQ(leased_virtually(front(), web), "10.5.0.253") << "its own container's";
  web.kept_free = {ip("10.5.0.253")};
  EXPECT_EQ(leased_virtually(front(), web), "10.5.0.252") << "another's";
}

TEST(VirtualLease, IsTheServicesAndNoContainers) {
  NetworkRecord record = front();
  record.leases[virtual_holder("web")].v4 = ip("10.5.0.254");
  EXPECT_TRUE(is_virtual_holder(virtual_holder("web")));
  EXPECT_FALSE(is_virtual_holder("service"));
  Endpoint fixed = endpoint();
  fixed.address = ip("10.5.0.254");
  try {
    choose_lease(record, "shop-api-1", fixed);
    FAIL() << "a container at a service's address";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "address 10.5.0.254 in network front is already in use by service web");
  }
}

TEST(Reservation, KeepsAFixedAddressOfAContainerThatDoesNotRunYet) {
  NetworkRecord record = front();
  Endpoint web = endpoint();
  EXPECT_FALSE(reserve_lease(record, "shop-web-1", web)) << "nothing is fixed";
  web.address = ip("10.5.0.3");
  const auto lease = reserve_lease(record, "shop-web-1", web);
  ASSERT_TRUE(lease);
  record.leases["shop-web-1"] = *lease;
  EXPECT_EQ(leased(record, "shop-cache-1", endpoint()), "10.5.0.4");
  EXPECT_FALSE(reserve_lease(record, "shop-web-1", web)) << "kept already";
}

TEST(Reservation, TakesNothingFromWhoHasIt) {
  Endpoint web = endpoint();
  web.address = ip("10.5.0.2");
  EXPECT_FALSE(reserve_lease(front(), "shop-web-1", web));
}

/// "front" with a single address, which db has.
NetworkRecord full_front() {
  NetworkRecord record = front();
  record.config.spec.subnet = *network::parse_subnet("10.5.0.0/30");
  return record;
}

TEST(Lease, OfOneThatHasEndedGoesToWhoWouldHaveNone) {
  NetworkRecord record = full_front();
  EXPECT_THROW(choose_lease(record, "shop-web-1", endpoint()), Error) << "db runs";
  const auto is_idle = [](const std::string& holder) { return holder == "shop-db-1"; };
  const auto given = choose_lease(record, "shop-web-1", endpoint(), is_idle);
  EXPECT_EQ(to_text(*given.v4), "10.5.0.2");
  end_other_leases(record, "shop-web-1", given);
  EXPECT_FALSE(record.leases.contains("shop-db-1"));
}

TEST(Lease, OfOneThatHasEndedIsItsOwnAsLongAsThereAreOthers) {
  const auto is_idle = [](const std::string&) { return true; };
  EXPECT_EQ(to_text(*choose_lease(front(), "shop-web-1", endpoint(), is_idle).v4), "10.5.0.3");
}

TEST(Lease, OfAFixedAddressTakesItFromOneThatHasEnded) {
  Endpoint web = endpoint();
  web.address = ip("10.5.0.2");
  const auto is_idle = [](const std::string&) { return true; };
  EXPECT_EQ(to_text(*choose_lease(front(), "shop-web-1", web, is_idle).v4), "10.5.0.2");
}

}  // namespace
}  // namespace stack::supervisor
