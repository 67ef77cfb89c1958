// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service_networks.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

TEST(AddressWishes, FirstContainersOfAllServicesComeFirst) {
  spec::Service web = service("web");
  web.scale = 3;
  const auto wishes = address_wishes(project({service("cache"), web, service("db")}));
  const auto place = [&](const std::string& container) {
    return wishes.at(container).at("default").place;
  };
  EXPECT_EQ(place("shop-cache-1"), 0);
  EXPECT_EQ(place("shop-db-1"), 1);
  EXPECT_EQ(place("shop-web-1"), 2);
  EXPECT_EQ(place("shop-web-2"), 3);
  EXPECT_EQ(place("shop-web-3"), 4);
}

TEST(AddressWishes, AFixedAddressIsKeptFreeByAllOthers) {
  spec::Service db = service("db");
  db.networks["default"].ipv4_address = "10.5.0.9";
  const auto wishes = address_wishes(project({service("cache"), db}));
  EXPECT_EQ(wishes.at("shop-cache-1").at("default"), (AddressWish{0, {"10.5.0.9"}}));
  EXPECT_EQ(wishes.at("shop-db-1").at("default"), (AddressWish{-1, {}}));
}

TEST(AddressWishes, VirtualAddressesAreCountedByServiceInEachNetwork) {
  spec::Service api = service("api");
  api.virtual_address = true;
  spec::Service web = service("web");
  web.virtual_address = true;
  web.scale = 2;
  web.networks["back"];
  const auto wishes = address_wishes(project({api, service("db"), web}));
  EXPECT_EQ(wishes.at("shop-api-1").at("default").virtual_place, 0);
  EXPECT_EQ(wishes.at("shop-db-1").at("default").virtual_place, -1);
  for (const char* container : {"shop-web-1", "shop-web-2"}) {
    EXPECT_EQ(wishes.at(container).at("default").virtual_place, 1);
    EXPECT_EQ(wishes.at(container).at("back").virtual_place, 0);
  }
  EXPECT_EQ(wishes.at("shop-web-2").at("default").place, 3) << "containers have theirs as ever";
}

TEST(SettledNetworks, TheNetworkOfTheHostIsANetworkMode) {
  for (const std::string mode : {"host", "none"}) {
    spec::Project shop = project({service("web")});
    shop.networks["default"].driver = mode;
    const auto web = with_networks_settled(shop, shop.services.at("web"));
    EXPECT_EQ(web.network_mode, mode);
    EXPECT_TRUE(web.networks.empty());
  }
}

TEST(SettledNetworks, AnExternalNetworkOfThatNameIsOneToo) {
  spec::Project shop = project({service("web")});
  shop.networks["default"].external = true;
  shop.networks["default"].name = "host";
  EXPECT_EQ(with_networks_settled(shop, shop.services.at("web")).network_mode, "host");
}

TEST(SettledNetworks, PortsAreBoundToTheAddressOfTheNetworkWithTheDefaultRoute) {
  spec::Service web = service("web");
  web.networks["zone"].gw_priority = 1;
  web.ports.resize(2);
  web.ports[1].host_ip = "127.0.0.1";
  spec::Project shop = project({web});
  const std::string option = "com.docker.network.bridge.host_binding_ipv4";
  shop.networks["default"].driver_opts[option] = "192.0.2.8";
  EXPECT_EQ(with_networks_settled(shop, web).ports[0].host_ip, "") << "another network's";
  shop.networks["zone"].driver_opts[option] = "192.0.2.9";
  EXPECT_EQ(with_networks_settled(shop, web).ports[0].host_ip, "192.0.2.9");
  EXPECT_EQ(with_networks_settled(shop, web).ports[1].host_ip, "127.0.0.1");
}

TEST(SettledNetworks, PortsAreBoundWhereTheMachinesSettingsSayUnlessTheNetworkSaysOtherwise) {
  spec::Service web = service("web");
  web.ports.resize(2);
  web.ports[1].host_ip = "0.0.0.0";
  spec::Project shop = project({web});
  shop.default_bind = "127.0.0.1";
  EXPECT_EQ(with_networks_settled(shop, web).ports[0].host_ip, "127.0.0.1");
  EXPECT_EQ(with_networks_settled(shop, web).ports[1].host_ip, "0.0.0.0");
  const std::string option = "com.docker.network.bridge.host_binding_ipv4";
  shop.networks["default"].driver_opts[option] = "192.0.2.8";
  EXPECT_EQ(with_networks_settled(shop, web).ports[0].host_ip, "192.0.2.8");
}

}  // namespace
}  // namespace stack::orchestrator
