// SPDX-License-Identifier: Apache-2.0
#include "supervisor/endpoint_plan.h"

#include <gtest/gtest.h>

namespace stack::supervisor {
namespace {

using network::DualAddress;
using network::NetworkSpec;

/// Networks "a", "b" and "c" (internal); the container has .2 in each.
struct World {
  std::map<std::string, NetworkSpec> networks;
  Addresses addresses;

  World() {
    for (const std::string name : {"a", "b", "c"}) {
      NetworkSpec spec;
      spec.name = name;
      spec.internal = name == "c";
      networks[name] = spec;
      addresses[name].v4 = network::Ipv4{(10U << 24 | static_cast<unsigned>(name[0]) << 16) + 2};
    }
  }
  FindNetwork find() const {
    return [this](const std::string& name) {
      const auto found = networks.find(name);
      return found == networks.end() ? nullptr : &found->second;
    };
  }
  std::string default_route(const std::vector<Endpoint>& endpoints) const {
    for (const auto& spec : plan_endpoints(endpoints, addresses, find()))
      if (spec.default_route) return spec.network + " " + spec.interface;
    return "none";
  }
};

Endpoint endpoint(const std::string& network, int gw_priority = 0) {
  Endpoint endpoint;
  endpoint.network = network;
  endpoint.gw_priority = gw_priority;
  return endpoint;
}

TEST(DefaultRoute, IsThatOfTheFirstNetworkByNameWhateverTheOrderOfJoining) {
  EXPECT_EQ(World().default_route({endpoint("b"), endpoint("a")}), "a eth1");
}

TEST(DefaultRoute, IsThatOfTheHighestGatewayPriority) {
  EXPECT_EQ(World().default_route({endpoint("a", 1), endpoint("b", 2)}), "b eth1");
  EXPECT_EQ(World().default_route({endpoint("a", -1), endpoint("b")}), "b eth1");
}

TEST(DefaultRoute, IsNeverThatOfAnInternalNetwork) {
  EXPECT_EQ(World().default_route({endpoint("c", 100), endpoint("a")}), "a eth1");
  EXPECT_EQ(World().default_route({endpoint("c", 100)}), "none");
}

TEST(DefaultRoute, IsChosenForEachFamilyByItself) {
  World world;
  world.addresses["b"] = {{}, network::parse_ipv6("fd00::2")};
  const auto specs =
      plan_endpoints({endpoint("a", 5), endpoint("b")}, world.addresses, world.find());
  EXPECT_TRUE(specs[0].default_route);
  EXPECT_FALSE(specs[0].default_route6);
  EXPECT_FALSE(specs[1].default_route);
  EXPECT_TRUE(specs[1].default_route6);
}

TEST(Interfaces, KeepTheirOwnNamesAndTheOthersAreNumberedAroundThem) {
  std::vector<Endpoint> endpoints{endpoint("a"), endpoint("b"), endpoint("c")};
  endpoints[1].interface = "eth0";
  World world;
  const auto specs = plan_endpoints(endpoints, world.addresses, world.find());
  EXPECT_EQ(specs[0].interface, "eth1");
  EXPECT_EQ(specs[1].interface, "eth0");
  EXPECT_EQ(specs[2].interface, "eth2");
}

TEST(Interfaces, HaveTheHardwareAddressOfTheFileOrOneMadeOfTheirOwn) {
  std::vector<Endpoint> endpoints{endpoint("a"), endpoint("b")};
  endpoints[0].mac = "02:00:00:00:00:01";
  World world;
  const auto specs = plan_endpoints(endpoints, world.addresses, world.find());
  EXPECT_EQ(specs[0].mac, "02:00:00:00:00:01");
  EXPECT_EQ(specs[1].mac, "02:42:0a:62:00:02");
}

TEST(MainAddress, IsThatOfTheDefaultRouteAndOfAnInternalNetworkWhereThereIsNoOther) {
  World world;
  const auto main = [&](const std::vector<Endpoint>& endpoints) {
    return main_address(endpoints, world.addresses, world.find());
  };
  EXPECT_EQ(main({endpoint("c"), endpoint("b")}), world.addresses["b"]);
  EXPECT_EQ(main({endpoint("c")}), world.addresses["c"]);
  EXPECT_EQ(main({}), DualAddress{});
}

TEST(WayIn, IsByABridgeThatIsNotInternal) {
  World world;
  world.networks["a"].kind = network::NetworkKind::macvlan;
  const auto way = [&](const std::vector<Endpoint>& endpoints) {
    return way_in(endpoints, world.addresses, world.find());
  };
  EXPECT_EQ(way({endpoint("a", 5), endpoint("c", 9), endpoint("b")})->address,
            world.addresses["b"]);
  EXPECT_FALSE(way({endpoint("a"), endpoint("c")}));
  EXPECT_FALSE(way({}));
}

TEST(WayIn, HasTheBindingOfTheNetworkWithTheDefaultRoute) {
  World world;
  world.networks["b"].host_binding = "127.0.0.1";
  const auto binding = [&](int priority) {
    return way_in({endpoint("a"), endpoint("b", priority)}, world.addresses, world.find())->binding;
  };
  EXPECT_EQ(binding(0), "");
  EXPECT_EQ(binding(1), "127.0.0.1");
}

}  // namespace
}  // namespace stack::supervisor
