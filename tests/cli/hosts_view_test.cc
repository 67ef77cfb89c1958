// SPDX-License-Identifier: Apache-2.0
#include "cli/hosts_view.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

supervisor::ObservedContainer replica(int number, const std::string& name = "") {
  supervisor::ObservedContainer container;
  container.config.service = "web";
  container.config.number = number;
  container.config.name = name.empty() ? "shop-web-" + std::to_string(number) : name;
  for (const char* network : {"shop_back", "shop_front"}) {
    supervisor::Endpoint endpoint;
    endpoint.network = network;
    container.config.endpoints.push_back(endpoint);
  }
  container.status.process.pid = 42;
  container.status.addresses["shop_back"].v4 = network::parse_ipv4("172.31.0.2");
  container.status.addresses["shop_front"].v4 = network::parse_ipv4("172.31.1.2");
  container.status.addresses["shop_front"].v6 = network::parse_ipv6("fd00::2");
  return container;
}

std::string text_of(const supervisor::ObservedContainer& container,
                    const std::set<std::string>& unreachable = {}) {
  return hosts_text(hosts_entries("shop", container, unreachable));
}

TEST(HostsView, AReplicaIsCalledAsItsServiceAndByItsNumber) {
  EXPECT_EQ(text_of(replica(2)), "172.31.0.2\tweb.shop.stack web-2.shop.stack\n");
}

TEST(HostsView, ANameOfItsOwnIsAmongThem) {
  EXPECT_EQ(text_of(replica(1, "front")),
            "172.31.0.2\tweb.shop.stack web-1.shop.stack front.shop.stack\n");
  EXPECT_EQ(text_of(replica(1, "web")), "172.31.0.2\tweb.shop.stack web-1.shop.stack\n");
}

TEST(HostsView, TheFirstNetworkCountsThatTheMachineReachesInBothFamilies) {
  EXPECT_EQ(text_of(replica(1), {"shop_back"}),
            "172.31.1.2\tweb.shop.stack web-1.shop.stack\n"
            "fd00::2\tweb.shop.stack web-1.shop.stack\n");
  EXPECT_EQ(text_of(replica(1), {"shop_back", "shop_front"}), "");
}

TEST(HostsView, AVirtualAddressIsCalledAsItsService) {
  auto container = replica(2);
  container.status.virtual_addresses["shop_back"].v4 = network::parse_ipv4("172.31.0.254");
  EXPECT_EQ(text_of(container), "172.31.0.254\tweb.shop.stack\n172.31.0.2\tweb-2.shop.stack\n");
}

TEST(HostsView, WhatDoesNotRunHasNone) {
  auto container = replica(1);
  container.status.process = {};
  EXPECT_EQ(text_of(container), "");
}

TEST(HostsView, AsAListForPrograms) {
  EXPECT_EQ(hosts_json(hosts_entries("shop", replica(1), {})),
            "[{\"Address\":\"172.31.0.2\",\"Names\":[\"web.shop.stack\",\"web-1.shop.stack\"],"
            "\"Project\":\"shop\",\"Service\":\"web\",\"Container\":\"shop-web-1\"}]\n");
  EXPECT_EQ(hosts_json({}), "[]\n");
}

}  // namespace
}  // namespace stack::cli
