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

TEST(NetworkWorld, AKindThatTheKernelDoesNotKnowIsTold) {
  auto shop = shop_in("10.5.0.0/24");
  shop.networks["default"].driver = "ipvlan";
  shop.sources.set("networks.default.driver", {"stack.yaml", 9, 5});
  NetworkWorld world;
  EXPECT_EQ(problems(shop, {}, world), "");
  world.missing_drivers = {network::NetworkKind::ipvlan};
  EXPECT_EQ(problems(shop, {}, world),
            "stack.yaml:9:5: error: network shop_default: this kernel has no ipvlan\n"
            "  hint: modprobe ipvlan, or a kernel that has it\n");
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

TEST(NetworkWorld, AFixedAddressIsFreeWhenItsHolderGoesInTheSameChange) {
  const auto shop = shop_in("10.5.0.0/24", "10.5.0.9");
  const DesiredState wish = desired(shop);
  ObservedState observed = come_true(desired(shop_in("10.5.0.0/24")));
  observed.networks["shop_default"].leases["shop-old-1"].v4 = network::parse_ipv4("10.5.0.9");
  const Changes changes = diff(wish, observed, {"web"});
  Plan plan;
  EXPECT_EQ(check_network_world(wish, observed, changes, {}, plan).size(), 1U);
  plan.steps.push_back({RemoveContainer{"shop-old-1"}, "orphan", {}});
  EXPECT_EQ(check_network_world(wish, observed, changes, {}, plan).size(), 0U);
}

TEST(NetworkWorld, AnAddressByChanceIsFreeWhenItsHolderHasEnded) {
  const auto shop = shop_in("10.5.0.0/24", "10.5.0.9");
  ObservedState observed = come_true(desired(shop_in("10.5.0.0/24")));
  auto other = observed.containers.at("shop-web-1");
  other.config.name = "shop-old-1";
  observed.containers["shop-old-1"] = exited(other, 0);
  observed.networks["shop_default"].leases["shop-old-1"].v4 = network::parse_ipv4("10.5.0.9");
  EXPECT_EQ(problems(shop, observed, {}), "");
}

TEST(NetworkWorld, AFixedAddressInANetworkOfOthersIsOneOfAContainerThatNobodyHas) {
  const std::map<std::string, std::string> reasons = {
      {"10.9.0.1", "address 10.9.0.1 is the gateway of network outside"},
      {"10.9.0.7", "address 10.9.0.7 in network outside is already in use by blog/blog-web-1"},
      {"10.9.0.9", ""}};
  for (const auto& [address, reason] : reasons) {
    auto shop = shop_in("", address.c_str());
    shop.networks["default"].external = true;
    shop.networks["default"].name = "outside";
    NetworkWorld world;
    auto& spec = world.outside["outside"].config.spec;
    spec.name = "outside";
    spec.subnet = *network::parse_subnet("10.9.0.0/24");
    spec.gateway = *network::parse_ipv4("10.9.0.1");
    world.outside["outside"].leases["blog/blog-web-1"].v4 = network::parse_ipv4("10.9.0.7");
    const std::string text = problems(shop, {}, world);
    EXPECT_EQ(text.find(reason.empty() ? "error" : reason) == std::string::npos, reason.empty())
        << text;
  }
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
