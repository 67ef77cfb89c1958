// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_view.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace stack::supervisor {
namespace {

using Addresses = std::map<std::string, network::DualAddress>;

/// One container with its addresses, as short as a test wants it.
struct Member {
  ContainerConfig config;
  Addresses addresses;
  Addresses virtual_addresses{};

  Member(const std::string& service, const std::map<std::string, std::string>& networks) {
    config.id = std::string(64, service.front());
    config.name = "shop-" + service + "-1";
    for (const auto& [network, address] : networks) {
      Endpoint endpoint;
      endpoint.network = network;
      endpoint.aliases = {service};
      config.endpoints.push_back(endpoint);
      addresses[network].v4 = network::parse_ipv4(address);
    }
  }
  operator NamedContainer() const { return {&config, &addresses, &virtual_addresses}; }
};

const network::DualAddress gateway{network::parse_ipv4("10.127.8.1"), network::parse_ipv6("fd::1")};

network::DnsView view_of(const ContainerConfig& client,
                         const std::vector<NamedContainer>& running) {
  std::vector<std::shared_ptr<const network::DnsZone>> zones;
  for (const Endpoint& endpoint : client.endpoints) {
    network::NetworkSpec spec;
    spec.name = endpoint.network;
    zones.push_back(std::make_shared<network::DnsZone>(dns_zone(spec, running)));
  }
  return dns_view(client, zones, gateway);
}

/// The addresses of a name, separated by blanks.
std::string lookup(const network::DnsView& view, const std::string& name) {
  const auto* found = network::find_name(view, name);
  if (found == nullptr) return "unknown";
  std::vector<std::string> texts;
  for (const auto& address : found->v4) texts.push_back(to_text(address));
  for (const auto& address : found->v6) texts.push_back(to_text(address));
  return join(texts, " ");
}

TEST(DnsView, AContainerIsKnownByAliasNameAndShortId) {
  const Member web("web", {{"net", "10.0.0.2"}});
  const Member db("db", {{"net", "10.0.0.3"}});
  const std::vector<NamedContainer> running{web, db};
  const auto view = view_of(web.config, running);
  EXPECT_EQ(lookup(view, "db"), "10.0.0.3");
  EXPECT_EQ(lookup(view, "shop-db-1"), "10.0.0.3");
  EXPECT_EQ(lookup(view, "dddddddddddd"), "10.0.0.3");
  EXPECT_EQ(lookup(view, "db.net"), "10.0.0.3");
  EXPECT_EQ(view.zones[0]->reverse.at(*network::parse_ipv4("10.0.0.3")), "shop-db-1.net");
}

TEST(DnsView, OnlySharedNetworksAreSeen) {
  const Member web("web", {{"front", "10.0.0.2"}});
  const Member db("db", {{"back", "10.1.0.3"}});
  const Member api("api", {{"back", "10.1.0.4"}, {"front", "10.0.0.4"}});
  const std::vector<NamedContainer> running{web, db, api};
  const auto view = view_of(web.config, running);
  EXPECT_EQ(lookup(view, "db"), "unknown");
  EXPECT_EQ(lookup(view, "api"), "10.0.0.4");
}

TEST(DnsView, ALinkOfANetworkLeadsToWhoHasTheNameThere) {
  Member web("web", {{"back", "10.1.0.2"}, {"front", "10.0.0.2"}});
  web.config.endpoints[1].links = {{"store", "shop-db-1"}, {"nobody", "shop-ghost-1"}};
  const Member db("db", {{"back", "10.1.0.3"}, {"front", "10.0.0.3"}});
  const std::vector<NamedContainer> running{web, db};
  ASSERT_EQ(web.config.endpoints[1].network, "front");
  EXPECT_EQ(lookup(view_of(web.config, running), "store"), "10.0.0.3");
  EXPECT_EQ(lookup(view_of(web.config, running), "nobody"), "unknown");
  EXPECT_EQ(lookup(view_of(db.config, running), "store"), "unknown")
      << "of the one who has the link";
}

TEST(DnsView, ReplicasShareTheirServicesName) {
  const Member web("web", {{"net", "10.0.0.2"}});
  Member one("db", {{"net", "10.0.0.3"}});
  Member two("db", {{"net", "10.0.0.4"}});
  two.config.name = "shop-db-2";
  const std::vector<NamedContainer> running{one, two};
  EXPECT_EQ(lookup(view_of(web.config, running), "db"), "10.0.0.3 10.0.0.4");
}

/// Container `number` of db, whose service has 10.0.0.99.
Member replica(int number, const std::string& address) {
  Member db("db", {{"net", address}});
  db.config.id = std::string(64, static_cast<char>('0' + number));
  db.config.name = "shop-db-" + std::to_string(number);
  db.config.endpoints[0].aliases = {"db", db.config.name, "Store", "host"};
  db.config.endpoints[0].vip = VirtualSeat{"db", {"db", "Store"}, 0};
  db.virtual_addresses["net"].v4 = network::parse_ipv4("10.0.0.99");
  return db;
}

TEST(DnsView, AVirtualAddressHasTheServicesNamesAndContainersKeepTheirs) {
  Member web("web", {{"net", "10.0.0.2"}});
  web.config.links = {{"database", "db"}};
  const Member one = replica(1, "10.0.0.3");
  const Member two = replica(2, "10.0.0.4");
  const std::vector<NamedContainer> running{web, one, two};
  const auto view = view_of(web.config, running);
  for (const char* name : {"db", "store", "db.net", "database"})
    EXPECT_EQ(lookup(view, name), "10.0.0.99") << name;
  EXPECT_EQ(lookup(view, "tasks.db"), "10.0.0.3 10.0.0.4");
  EXPECT_EQ(lookup(view, "shop-db-2"), "10.0.0.4");
  EXPECT_EQ(lookup(view, "222222222222"), "10.0.0.4");
  EXPECT_EQ(lookup(view, "host"), "10.0.0.3 10.0.0.4");
  const auto& reverse = view.zones[0]->reverse;
  EXPECT_EQ(reverse.at(*network::parse_ipv4("10.0.0.99")), "db.net");
  EXPECT_EQ(reverse.at(*network::parse_ipv4("10.0.0.3")), "shop-db-1.net");
  EXPECT_EQ(lookup(view, "tasks.web"), "unknown");
}

TEST(DnsView, AServiceWithoutAnAddressOfItsOwnThereIsItsContainers) {
  Member one = replica(1, "10.0.0.3");
  one.virtual_addresses.clear();
  const std::vector<NamedContainer> running{one};
  EXPECT_EQ(lookup(view_of(one.config, running), "db"), "10.0.0.3");
  EXPECT_EQ(lookup(view_of(one.config, running), "tasks.db"), "unknown");
}

TEST(DnsView, ALinkIsItsOwnersAlone) {
  Member web("web", {{"net", "10.0.0.2"}});
  web.config.links = {{"Database", "db"}, {"nothing", "absent"}};
  const Member db("db", {{"net", "10.0.0.3"}});
  const std::vector<NamedContainer> running{web, db};
  EXPECT_EQ(lookup(view_of(web.config, running), "database"), "10.0.0.3");
  EXPECT_EQ(lookup(view_of(web.config, running), "nothing"), "unknown");
  EXPECT_EQ(lookup(view_of(db.config, running), "database"), "unknown");
}

TEST(DnsView, BothFamiliesAreKnown) {
  Member web("web", {{"net", "10.0.0.2"}});
  web.addresses["net"].v6 = network::parse_ipv6("fd00::2");
  const auto view = view_of(web.config, {web});
  EXPECT_EQ(lookup(view, "web"), "10.0.0.2 fd00::2");
  EXPECT_EQ(view.zones[0]->reverse6.at(*network::parse_ipv6("fd00::2")), "shop-web-1.net");
}

TEST(DnsView, ANameOfTwoNetworksIsThatOfTheFirstOne) {
  const Member web("web", {{"a", "10.0.0.2"}, {"b", "10.1.0.2"}});
  const Member one("db", {{"b", "10.1.0.3"}});
  Member two("db", {{"a", "10.0.0.3"}});
  two.config.name = "shop-db-2";
  EXPECT_EQ(lookup(view_of(web.config, {one, two}), "db"), "10.0.0.3");
  EXPECT_EQ(lookup(view_of(web.config, {one, two}), "db.b"), "10.1.0.3");
}

TEST(DnsView, ALinkMayTakeTheNameOfAnother) {
  Member web("web", {{"net", "10.0.0.2"}});
  web.config.links = {{"cache", "db"}, {"db", "cache"}};
  const Member db("db", {{"net", "10.0.0.3"}});
  const Member cache("cache", {{"net", "10.0.0.4"}});
  const auto view = view_of(web.config, {db, cache});
  EXPECT_EQ(lookup(view, "db"), "10.0.0.4");
  EXPECT_EQ(lookup(view, "cache"), "10.0.0.3");
}

TEST(DnsView, EverybodyIsALocalhost) {
  const Member web("web", {{"net", "10.0.0.2"}});
  EXPECT_EQ(lookup(view_of(web.config, {web}), "localhost"), "127.0.0.1 ::1");
}

TEST(DnsView, ExtraHostsWinOverServicesAndLinks) {
  Member web("web", {{"net", "10.0.0.2"}});
  const Member db("db", {{"net", "10.0.0.3"}});
  web.config.links = {{"store", "db"}};
  web.config.extra_hosts = {
      {"db", "192.0.2.7"}, {"store", "192.0.2.8"}, {"Host.Docker.Internal", "host-gateway"}};
  const auto view = view_of(web.config, {db});
  EXPECT_EQ(lookup(view, "db"), "192.0.2.7");
  EXPECT_EQ(lookup(view, "store"), "192.0.2.8");
  EXPECT_EQ(lookup(view, "host.docker.internal"), "10.127.8.1 fd::1");
  EXPECT_EQ(lookup(view_of(db.config, {web, db}), "host.docker.internal"), "unknown");
}

}  // namespace
}  // namespace stack::supervisor
