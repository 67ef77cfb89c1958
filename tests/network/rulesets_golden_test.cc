// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "all_rulesets.h"
#include "network/addresses.h"
#include "short_addresses.h"

namespace stack::network {
namespace {

/// A stack of networks 172.18.0.0/24, 172.18.1.0/24...
struct Case {
  FirewallSpec spec;
  std::vector<PortLock> ports;

  explicit Case(const std::vector<std::string>& networks) {
    spec.stack_id = "1f2e3d4c";
    spec.uplink = {"stk1f2e3d4c", ip("10.127.8.1"), ip("10.127.8.2"), 1500};
    for (const std::string& name : networks) {
      const Ipv4 base{172U << 24 | 18U << 16 |
                      static_cast<std::uint32_t>(spec.networks.size()) << 8};
      spec.networks.push_back({name, {base, 24}, {base.value + 1}, false, "br-" + name});
    }
  }

  Ipv4 address(std::size_t network, std::uint32_t number) const {
    return {spec.networks[network].subnet.address.value + number};
  }
  /// A container `number` in network number `network`.
  EndpointSpec endpoint(std::size_t network, std::uint32_t number) const {
    const Ipv4 own = address(network, number);
    return {spec.networks[network].name, {own}, mac_for(own), "eth0"};
  }
  void plug(const EndpointSpec& endpoint) {
    ports.push_back(lock_of("v" + std::to_string(ports.size() + 1), endpoint));
  }
  void publish(const std::string& host, std::uint16_t port, const std::string& protocol,
               Ipv4 address, std::uint16_t inside) {
    spec.published.push_back({host, port, protocol, address, inside});
  }
  void expect(const std::string& name) const {
    test::expect_golden("golden/" + name + ".nft", test::all_rulesets(spec, ports));
  }
};

TEST(Golden, AnEmptyNetwork) {
  Case({"default"}).expect("empty");
}

TEST(Golden, AShopWithADatabaseApart) {
  Case shop({"front", "back"});
  shop.spec.networks[1].internal = true;
  shop.plug(shop.endpoint(0, 2));
  shop.plug(shop.endpoint(1, 2));
  shop.plug(shop.endpoint(1, 3));
  shop.publish("0.0.0.0", 8080, "tcp", shop.address(0, 2), 80);
  shop.publish("::", 8080, "tcp", shop.address(0, 2), 80);
  shop.expect("shop");
}

TEST(Golden, EveryKindOfPublishedPort) {
  Case ports({"default"});
  ports.spec.networks.push_back(
      {"vault", {ip("172.18.9.0"), 24}, ip("172.18.9.1"), true, "br-vault"});
  ports.publish("0.0.0.0", 80, "tcp", ip("172.18.0.2"), 8080);
  ports.publish("0.0.0.0", 53, "udp", ip("172.18.0.2"), 53);
  ports.publish("192.0.2.1", 443, "tcp", ip("172.18.0.2"), 8443);
  ports.publish("192.0.2.1", 123, "udp", ip("172.18.0.2"), 123);
  ports.publish("127.0.0.1", 5432, "tcp", ip("172.18.0.3"), 5432);
  ports.publish("127.0.0.53", 54, "udp", ip("172.18.0.3"), 53);
  ports.publish("::", 80, "tcp", ip("172.18.0.2"), 8080);
  ports.publish("::1", 81, "tcp", ip("172.18.0.2"), 8080);
  ports.publish("0.0.0.0", 82, "tcp", ip("172.18.9.2"), 80);
  ports.expect("ports");
}

TEST(Golden, NeighboursThatMayNotTalk) {
  Case apart({"open", "apart"});
  apart.spec.networks[1].icc = false;
  apart.plug(apart.endpoint(0, 2));
  apart.plug(apart.endpoint(1, 2));
  apart.expect("no-icc");
}

TEST(Golden, ServicesWithAVirtualAddress) {
  Case shop({"front", "back"});
  shop.spec.networks[1].internal = true;
  for (std::uint32_t number = 2; number < 5; ++number) shop.plug(shop.endpoint(0, number));
  const auto at = [&](std::size_t network, std::uint32_t number) {
    return DualAddress{shop.address(network, number), {}};
  };
  shop.spec.virtual_addresses = {
      {"front", "web", at(0, 254), {at(0, 2), at(0, 3), at(0, 4)}},
      {"back", "db", at(1, 254), {at(1, 2)}},
      {"back", "stopped", at(1, 253), {}},
      {"elsewhere", "web", at(1, 252), {at(1, 2)}},
  };
  shop.expect("virtual-addresses");
}

TEST(Golden, EveryKindOfAddress) {
  Case addresses({"default"});
  EndpointSpec both = addresses.endpoint(0, 2);
  both.address.v6 = parse_ipv6("fd00:18::2");
  both.link_local = {ip("169.254.8.8")};
  both.link_local6 = {*parse_ipv6("fe80::8")};
  addresses.plug(both);
  EndpointSpec six = addresses.endpoint(0, 3);
  six.address = {std::nullopt, parse_ipv6("fd00:18::3")};
  addresses.plug(six);
  addresses.expect("addresses");
}

}  // namespace
}  // namespace stack::network
