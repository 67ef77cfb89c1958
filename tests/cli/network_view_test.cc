// SPDX-License-Identifier: Apache-2.0
#include "cli/network_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/network_wish.h"

namespace stack::cli {
namespace {

using namespace std::chrono_literals;

orchestrator::HostNetwork tools() {
  orchestrator::HostNetwork network;
  network.id = std::string(64, 'a');
  network.name = "tools";
  network.driver = "bridge";
  network.spec.subnet = *network::parse_subnet("10.5.0.0/24");
  network.spec.gateway = *network::parse_ipv4("10.5.0.1");
  network.labels = {{"team", "a"}};
  network.created = std::chrono::system_clock::time_point(1'700'000'000s);
  network.members = {
      {"c1", "shop-web-1", "shop", "02:42:0a:05:00:02", {network::parse_ipv4("10.5.0.2"), {}}}};
  return network;
}

bool passes(std::vector<std::string> filters) {
  return NetworkFilter(filters).passes(tools(), {});
}

TEST(NetworkView, RowsAreDockers) {
  EXPECT_EQ(format_rows("", network_headings(), network_columns(),
                        {network_fields(tools(), Ids::shortened)}),
            "NETWORK ID     NAME    DRIVER   SCOPE\naaaaaaaaaaaa   tools   bridge   local\n");
  EXPECT_EQ(format_rows("{{.Name}} {{.Labels}} {{.CreatedAt}}", network_headings(),
                        network_columns(), {network_fields(tools(), Ids::whole)}),
            "tools team=a 2023-11-14 22:13:20 +0000 UTC\n");
}

TEST(NetworkView, FiltersOfOneKeyAreAlternativesAndOfSeveralConditions) {
  EXPECT_TRUE(passes({}));
  EXPECT_TRUE(passes({"driver=bridge", "name=ool", "label=team", "type=custom", "scope=local"}));
  EXPECT_TRUE(passes({"name=none", "name=tools"}));
  EXPECT_TRUE(passes({"label=team=a", "id=aaaa", "dangling=false"}));
  EXPECT_FALSE(passes({"label=team=b"}));
  EXPECT_FALSE(passes({"name=tools", "driver=macvlan"}));
  EXPECT_TRUE(NetworkFilter({"dangling=true"}).passes(tools(), {"tools"}));
  EXPECT_THROW(NetworkFilter({"x=y"}), Error);
  EXPECT_THROW(NetworkFilter({"name"}), Error);
}

TEST(NetworkView, InspectHasDockersFields) {
  const auto json = network_json(tools());
  EXPECT_EQ(json["IPAM"]["Config"].dump(), R"([{"Subnet":"10.5.0.0/24","Gateway":"10.5.0.1"}])");
  EXPECT_EQ(json["Containers"]["c1"]["IPv4Address"], "10.5.0.2/24");
  EXPECT_EQ(json["Containers"]["c1"]["Name"], "shop-web-1");
  EXPECT_EQ(json["Created"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(json["Options"].dump(), "{}");
  EXPECT_EQ(json["ConfigFrom"]["Network"], "");
}

spec::Network wish(Options options, const std::string& name = "tools") {
  options.arguments = {name};
  return network_wish(options);
}

TEST(NetworkWish, WhatIsNoNetworkIsRefused) {
  EXPECT_EQ(wish({}).name, "tools");
  for (const char* name : {"", "../x", "-x", "a b", "host", "none", "bridge"})
    EXPECT_THROW(wish({}, name), Error) << name;
  Options options;
  options.subnets = {"10.5.0.0/24"};
  options.gateways = {"10.5.0.254"};
  EXPECT_EQ(wish(options).ipam.front().gateway, "10.5.0.254");
  options.gateways = {"10.6.0.1"};
  EXPECT_THROW(wish(options), Error);
  options.subnets = {"10"};
  EXPECT_THROW(wish(options), Error);
}

TEST(NetworkWish, AnEndpointTakesAddressesAndNames) {
  Options options;
  options.ip = "10.5.0.7";
  options.aliases = {"www"};
  const auto endpoint = endpoint_wish(options);
  EXPECT_EQ(to_text(*endpoint.address), "10.5.0.7");
  EXPECT_EQ(endpoint.aliases, (std::vector<std::string>{"www"}));
  options.ip = "fd00::1";
  EXPECT_THROW(endpoint_wish(options), Error);
}

}  // namespace
}  // namespace stack::cli
