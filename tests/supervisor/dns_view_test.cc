// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_view.h"

#include <gtest/gtest.h>

namespace stack::supervisor {
namespace {

using Addresses = std::map<std::string, network::DualAddress>;

/// One container with its addresses, as short as a test wants it.
struct Member {
  ContainerConfig config;
  Addresses addresses;

  Member(const std::string& service, const std::map<std::string, std::string>& networks) {
    config.id = std::string(64, service.front());
    config.name = "shop-" + service + "-1";
    for (const auto& [network, address] : networks) {
      config.endpoints.push_back({network, std::nullopt, "", {service}});
      addresses[network].v4 = *network::parse_ipv4(address);
    }
  }
  operator NamedContainer() const { return {&config, &addresses}; }
};

/// The addresses of a name, separated by blanks.
std::string lookup(const network::DnsView& view, const std::string& name) {
  std::string text;
  const auto found = view.names.find(name);
  if (found == view.names.end()) return "unknown";
  for (const auto& address : found->second) text += (text.empty() ? "" : " ") + to_text(address);
  return text;
}

TEST(DnsView, AContainerIsKnownByAliasNameAndShortId) {
  const Member web("web", {{"net", "10.0.0.2"}});
  const Member db("db", {{"net", "10.0.0.3"}});
  const std::vector<NamedContainer> running{web, db};
  const auto view = dns_view(web.config, running);
  EXPECT_EQ(lookup(view, "db"), "10.0.0.3");
  EXPECT_EQ(lookup(view, "shop-db-1"), "10.0.0.3");
  EXPECT_EQ(lookup(view, "dddddddddddd"), "10.0.0.3");
  EXPECT_EQ(view.reverse.at(*network::parse_ipv4("10.0.0.3")), "shop-db-1.net");
}

TEST(DnsView, OnlySharedNetworksAreSeen) {
  const Member web("web", {{"front", "10.0.0.2"}});
  const Member db("db", {{"back", "10.1.0.3"}});
  const Member api("api", {{"back", "10.1.0.4"}, {"front", "10.0.0.4"}});
  const std::vector<NamedContainer> running{web, db, api};
  const auto view = dns_view(web.config, running);
  EXPECT_EQ(lookup(view, "db"), "unknown");
  EXPECT_EQ(lookup(view, "api"), "10.0.0.4");
}

TEST(DnsView, ReplicasShareTheirServicesName) {
  const Member web("web", {{"net", "10.0.0.2"}});
  Member one("db", {{"net", "10.0.0.3"}});
  Member two("db", {{"net", "10.0.0.4"}});
  two.config.name = "shop-db-2";
  const std::vector<NamedContainer> running{one, two};
  EXPECT_EQ(lookup(dns_view(web.config, running), "db"), "10.0.0.3 10.0.0.4");
}

TEST(DnsView, ALinkIsItsOwnersAlone) {
  Member web("web", {{"net", "10.0.0.2"}});
  web.config.links = {{"Database", "db"}, {"nothing", "absent"}};
  const Member db("db", {{"net", "10.0.0.3"}});
  const std::vector<NamedContainer> running{web, db};
  EXPECT_EQ(lookup(dns_view(web.config, running), "database"), "10.0.0.3");
  EXPECT_EQ(lookup(dns_view(web.config, running), "nothing"), "unknown");
  EXPECT_EQ(lookup(dns_view(db.config, running), "database"), "unknown");
}

}  // namespace
}  // namespace stack::supervisor
