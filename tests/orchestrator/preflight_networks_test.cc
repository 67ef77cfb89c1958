// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_networks.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::Project shop_in(const char* subnet, const char* fixed = "") {
  spec::Service web = service("web");
  web.networks["default"].ipv4_address = fixed;
  spec::Project shop = project({web});
  shop.networks["default"].ipam = {{subnet, "", "", {}}};
  shop.sources.set("networks.default.ipam.config.0.subnet", {"stack.yaml", 7, 14});
  shop.sources.set("networks.default.ipam.config", {"stack.yaml", 7, 14});
  shop.sources.set("networks.default.enable_ipv6", {"stack.yaml", 6, 5});
  shop.sources.set("services.web.networks.default.ipv4_address", {"stack.yaml", 3, 20});
  return shop;
}

std::string problems(const spec::Project& shop, const ObservedState& observed,
                     const NetworkWorld& world) {
  DesiredState wish = desired(shop);
  std::string text;
  for (const auto& problem :
       check_network_world(wish, observed, diff(wish, observed, {"web"}), world))
    text += to_text(problem) + "\n";
  return text;
}

TEST(NetworkWorld, ASubnetThatOverlapsNamesWhoseItIs) {
  NetworkWorld world;
  world.holders.push_back({*network::parse_subnet("10.0.0.0/8"), {}, "", "", "a route over tun0"});
  EXPECT_EQ(problems(shop_in("10.5.0.0/24"), {}, world),
            "stack.yaml:7:14: error: subnet 10.5.0.0/24 of network shop_default overlaps with "
            "10.0.0.0/8: a route over tun0 of this machine\n"
            "  hint: choose another, or leave it out to get a free one\n");
  world.holders = {{*network::parse_subnet("10.5.0.0/16"), {}, "blog", "blog_default", ""}};
  EXPECT_EQ(problems(shop_in("10.5.0.0/24"), {}, world),
            "stack.yaml:7:14: error: subnet 10.5.0.0/24 of network shop_default overlaps with "
            "10.5.0.0/16: network blog_default of stack \"blog\"\n"
            "  hint: choose another, or leave it out to get a free one\n");
}

TEST(NetworkWorld, ItsOwnSubnetIsNotInItsWay) {
  NetworkWorld world;
  world.holders = {{*network::parse_subnet("10.5.0.0/24"), {}, "shop", "shop_default", ""}};
  EXPECT_EQ(problems(shop_in("10.5.0.0/24"), {}, world), "");
}

TEST(NetworkWorld, NothingIsSaidOfANetworkThatIsThereAlready) {
  NetworkWorld world;
  world.holders = {{*network::parse_subnet("10.5.0.0/24"), {}, "", "", "a route over tun0"}};
  const auto shop = shop_in("10.5.0.0/24");
  EXPECT_EQ(problems(shop, come_true(desired(shop)), world), "");
}

TEST(NetworkWorld, IPv6IsRefusedWhereTheMachineHasNone) {
  auto shop = shop_in("10.5.0.0/24");
  shop.networks["default"].enable_ipv6 = true;
  NetworkWorld world;
  world.has_ipv6 = false;
  EXPECT_EQ(problems(shop, {}, world),
            "stack.yaml:6:5: error: network shop_default wants IPv6, which is switched off on this "
            "machine\n  hint: sysctl net.ipv6.conf.all.disable_ipv6=0\n");
}

TEST(NetworkWorld, AFixedAddressThatAnotherHasNamesWho) {
  const auto shop = shop_in("10.5.0.0/24", "10.5.0.9");
  ObservedState observed = come_true(desired(shop_in("10.5.0.0/24")));
  observed.networks["shop_default"].leases["shop-db-1"].v4 = network::parse_ipv4("10.5.0.9");
  EXPECT_EQ(problems(shop, observed, {}),
            "stack.yaml:3:20: error: address 10.5.0.9 in network shop_default is already in use by "
            "shop-db-1\n  hint: choose another, or remove that container\n");
}

TEST(NetworkChange, IsAReasonWithTheLineOfTheNewValue) {
  const ObservedState observed = come_true(desired(shop_in("10.5.0.0/24")));
  const DesiredState wish = desired(shop_in("10.6.0.0/24"));
  const auto changes = diff(wish, observed, {"web"});
  ASSERT_EQ(changes.networks.at("shop_default").fields.size(), 1U);
  EXPECT_EQ(to_text(changes.networks.at("shop_default").fields[0]),
            "ipam.config: [{\"subnet\":\"10.5.0.0/24\"}] -> [{\"subnet\":\"10.6.0.0/24\"}] "
            "(stack.yaml:7:14)");
}

}  // namespace
}  // namespace stack::orchestrator
