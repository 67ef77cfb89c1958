// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower_network.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/lower.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

/// A project of one service, whose default network a test can change.
struct Shop {
  spec::Service web = service("web");
  spec::Network network;

  spec::NetworkAttachment& attachment() { return web.networks["default"]; }
  DesiredState desired() const {
    spec::Project shop = project({web});
    spec::Network changed = network;
    changed.key = "default";
    changed.name = "shop_default";
    shop.networks["default"] = changed;
    return testing::desired(shop);
  }
  network::NetworkSpec spec() const {
    NetworkFindings findings;
    return read_network(desired().networks.at("shop_default"), findings);
  }
  supervisor::Endpoint endpoint() const {
    return endpoints_of(desired().containers.at("shop-web-1"), "abc").front();
  }
  /// All findings, one a line: "PATH: MESSAGE".
  std::string errors() const { return text(check_networks(desired()).errors); }
  std::string warnings() const { return text(check_networks(desired()).warnings); }

  static std::string text(const std::vector<NetworkFinding>& findings) {
    std::string all;
    for (const auto& finding : findings) all += finding.path + ": " + finding.message + "\n";
    return all;
  }
};

Shop with_subnet(const char* subnet) {
  Shop shop;
  shop.network.ipam.push_back({subnet, "", "", {}});
  return shop;
}

TEST(ReadNetwork, HasSubnetRangeGatewayAndWhatIsKeptBackOfEachFamily) {
  Shop shop;
  shop.network.enable_ipv6 = true;
  shop.network.ipam = {{"10.5.0.0/24", "10.5.0.128/25", "10.5.0.254", {{"printer", "10.5.0.200"}}},
                       {"fd00:5::/64", "", "", {}}};
  const auto spec = shop.spec();
  EXPECT_EQ(to_text(spec.subnet), "10.5.0.0/24");
  EXPECT_EQ(to_text(*spec.range), "10.5.0.128/25");
  EXPECT_EQ(to_text(spec.gateway), "10.5.0.254");
  EXPECT_EQ(to_text(spec.reserved.at(0)), "10.5.0.200");
  EXPECT_EQ(to_text(spec.subnet6), "fd00:5::/64");
  EXPECT_EQ(to_text(spec.gateway6), "fd00:5::1");
  EXPECT_EQ(shop.errors(), "");
}

TEST(VirtualAddress, IsWarnedOfWhereThereCanBeNone) {
  Shop shop;
  shop.web.virtual_address = true;
  EXPECT_EQ(shop.warnings(), "");
  shop.network.external = true;
  EXPECT_EQ(shop.warnings(),
            "services.web.deploy.endpoint_mode: service \"web\" has no virtual address in network "
            "shop_default: another stack has that network\n");
  shop.network.external = false;
  shop.network.driver = "macvlan";
  shop.network.driver_opts["parent"] = "eth0";
  EXPECT_EQ(shop.warnings(),
            "services.web.deploy.endpoint_mode: service \"web\" has no virtual address in network "
            "shop_default: it is on a device of the host (macvlan or ipvlan)\n");
  shop.web.networks.clear();
  shop.web.network_mode = "host";
  EXPECT_EQ(
      shop.warnings(),
      "services.web.deploy.endpoint_mode: service \"web\" has no virtual address: it is in no "
      "network of its own\n");
}

TEST(ReadNetwork, RefusesWhatLiesOutside) {
  Shop shop;
  shop.network.ipam = {{"10.5.0.0/24", "10.6.0.0/25", "10.6.0.1", {{"printer", "10.6.0.9"}}}};
  EXPECT_EQ(shop.errors(),
            "networks.default.ipam.config.0.gateway: address 10.6.0.1 is not one of subnet "
            "10.5.0.0/24\n"
            "networks.default.ipam.config.0.ip_range: range 10.6.0.0/25 is outside of subnet "
            "10.5.0.0/24\n"
            "networks.default.ipam.config.0.aux_addresses.printer: address 10.6.0.9 is not one of "
            "subnet 10.5.0.0/24\n");
}

TEST(ReadNetwork, RefusesSubnetsThatCannotBe) {
  for (const char* subnet : {"10.5.0.0/31", "0.0.0.0/0", "127.0.0.0/16", "224.0.0.0/24"})
    EXPECT_NE(with_subnet(subnet).errors(), "") << subnet;
  EXPECT_EQ(with_subnet("10.5.0.0/30").errors(), "");
}

TEST(ReadNetwork, RefusesASecondSubnetOfAFamily) {
  Shop shop = with_subnet("10.5.0.0/24");
  shop.network.ipam.push_back({"10.6.0.0/24", "", "", {}});
  EXPECT_EQ(shop.errors(),
            "networks.default.ipam.config.1.subnet: network \"default\" has an IPv4 "
            "subnet already: 10.5.0.0/24\n");
}

TEST(ReadNetwork, WarnsOfAnIpv6SubnetWithoutIpv6) {
  EXPECT_EQ(
      with_subnet("fd00::/64").warnings(),
      "networks.default.ipam.config.0.subnet: network \"default\" has no IPv6, so that subnet "
      "fd00::/64 has no effect\n");
}

TEST(NetworkOptions, AreObeyed) {
  Shop shop;
  shop.network.driver_opts = {{"com.docker.network.bridge.name", "br-shop"},
                              {"com.docker.network.bridge.enable_icc", "false"},
                              {"com.docker.network.bridge.enable_ip_masquerade", "false"},
                              {"com.docker.network.bridge.host_binding_ipv4", "192.0.2.9"},
                              {"com.docker.network.driver.mtu", "1400"}};
  const auto spec = shop.spec();
  EXPECT_EQ(spec.bridge, "br-shop");
  EXPECT_FALSE(spec.icc);
  EXPECT_FALSE(spec.masquerade);
  EXPECT_EQ(spec.host_binding, "192.0.2.9");
  EXPECT_EQ(spec.mtu, 1400);
  EXPECT_EQ(shop.errors() + shop.warnings(), "");
}

TEST(NetworkOptions, AreRefusedWithWhatIsRight) {
  Shop shop;
  shop.network.driver_opts = {{"com.docker.network.bridge.enable_icc", "yes"},
                              {"com.docker.network.driver.mtu", "12"}};
  EXPECT_EQ(shop.errors(),
            "networks.default.driver_opts.com.docker.network.bridge.enable_icc: \"yes\" of "
            "com.docker.network.bridge.enable_icc is not true or false\n"
            "networks.default.driver_opts.com.docker.network.driver.mtu: \"12\" of "
            "com.docker.network.driver.mtu is not between 68 and 65535\n");
}

TEST(NetworkOptions, UnknownOnesAreAWarning) {
  Shop shop;
  shop.network.driver_opts = {{"com.docker.network.bridge.nam", "x"}};
  EXPECT_EQ(shop.warnings(),
            "networks.default.driver_opts.com.docker.network.bridge.nam: option "
            "\"com.docker.network.bridge.nam\" is not known here and has no effect\n");
}

TEST(DirectNetworks, NeedADeviceUnlessTheyAreInternal) {
  Shop shop;
  shop.network.driver = "macvlan";
  EXPECT_EQ(shop.errors(),
            "networks.default.driver: network \"default\" does not say which device "
            "of the host it is on\n");
  shop.network.internal = true;
  EXPECT_EQ(shop.errors(), "");
  shop.network.internal = false;
  shop.network.driver_opts = {{"parent", "eth0.50"}, {"macvlan_mode", "private"}};
  EXPECT_EQ(shop.errors(), "");
  EXPECT_EQ(shop.spec().parent, "eth0.50");
  EXPECT_EQ(shop.spec().mode, "private");
}

TEST(DirectNetworks, PublishNoPorts) {
  Shop shop;
  shop.network.driver = "ipvlan";
  shop.network.driver_opts = {{"parent", "eth0"}};
  shop.web.ports.resize(1);
  EXPECT_EQ(shop.warnings(),
            "services.web.ports.0: ports of service \"web\" are not published: all "
            "its networks are macvlan or ipvlan\n");
}

TEST(Attachments, BecomeEndpoints) {
  Shop shop = with_subnet("10.5.0.0/24");
  shop.attachment().ipv4_address = "10.5.0.9";
  shop.attachment().link_local_ips = {"169.254.7.7", "fe80::7"};
  shop.attachment().interface_name = "front0";
  shop.attachment().gw_priority = 3;
  shop.attachment().driver_opts = {
      {"com.docker.network.endpoint.sysctls",
       "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.IFNAME.gc_stale_time=90"}};
  shop.web.mac_address = "02:00:00:00:00:01";
  const auto endpoint = shop.endpoint();
  EXPECT_EQ(to_text(*endpoint.address), "10.5.0.9");
  EXPECT_EQ(to_text(endpoint.link_local.at(0)), "169.254.7.7");
  EXPECT_EQ(to_text(endpoint.link_local6.at(0)), "fe80::7");
  EXPECT_EQ(endpoint.interface, "front0");
  EXPECT_EQ(endpoint.gw_priority, 3);
  EXPECT_EQ(endpoint.mac, "02:00:00:00:00:01") << "the service's, in its first network";
  EXPECT_EQ(endpoint.sysctls.at("net.ipv4.conf.IFNAME.log_martians"), "1");
  EXPECT_EQ(shop.errors() + shop.warnings(), "");
}

TEST(Attachments, LinkLocalAddressesAreSuch) {
  Shop shop = with_subnet("10.5.0.0/24");
  shop.attachment().link_local_ips = {"10.5.0.1"};
  EXPECT_EQ(shop.errors(),
            "services.web.networks.default.link_local_ips: invalid link local IP address: "
            "10.5.0.1\n");
}

TEST(Attachments, FixedAddressesMustBeThoseOfAContainer) {
  const std::map<std::string, std::string> reasons = {
      {"10.6.0.9", "address 10.6.0.9 is outside of subnet 10.5.0.0/24 of network shop_default"},
      {"10.5.0.1", "address 10.5.0.1 is the gateway of network shop_default"},
      {"10.5.0.255", "address 10.5.0.255 is no container's in subnet 10.5.0.0/24"}};
  for (const auto& [address, reason] : reasons) {
    Shop shop = with_subnet("10.5.0.0/24");
    shop.attachment().ipv4_address = address;
    EXPECT_EQ(shop.errors(), "services.web.networks.default.ipv4_address: " + reason + "\n");
  }
  Shop open;
  open.attachment().ipv4_address = "10.5.0.9";
  EXPECT_EQ(open.errors(),
            "services.web.networks.default.ipv4_address: address 10.5.0.9 is fixed, "
            "but the subnet of network shop_default is not\n");
}

TEST(Attachments, TwoContainersCannotHaveOneAddress) {
  Shop shop = with_subnet("10.5.0.0/24");
  shop.attachment().ipv4_address = "10.5.0.9";
  shop.web.scale = 2;
  EXPECT_EQ(shop.errors(),
            "services.web.networks.default.ipv4_address: address 10.5.0.9 in network "
            "shop_default is already in use by shop-web-1\n");
}

TEST(Attachments, SysctlsAreThoseOfTheInterface) {
  Shop shop;
  shop.attachment().driver_opts = {
      {"com.docker.network.endpoint.sysctls", "net.ipv4.ip_forward=1"}};
  EXPECT_NE(shop.errors().find("is not a list like net.ipv4.conf.IFNAME."), std::string::npos);
}

}  // namespace
}  // namespace stack::orchestrator
