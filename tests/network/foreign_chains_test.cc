// SPDX-License-Identifier: Apache-2.0
#include "network/foreign_chains.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/format.h"

namespace stack::network {
namespace {

using Json = nlohmann::json;

// Shortened from what `nft -j` 1.0.6 prints.
const char* docker_host = R"({"nftables": [
  {"metainfo": {"version": "1.0.6"}},
  {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 4}},
  {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
             "hook": "forward", "prio": 0, "policy": "drop"}},
  {"chain": {"family": "ip6", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
             "hook": "forward", "prio": 0, "policy": "drop"}},
  {"chain": {"family": "inet", "table": "ufw", "name": "forward", "handle": 1, "type": "filter",
             "hook": "forward", "prio": 0, "policy": "drop"}},
  {"chain": {"family": "inet", "table": "stack_1", "name": "clamp", "handle": 9, "type": "filter",
             "hook": "forward", "prio": 0, "policy": "accept"}},
  {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "handle": 2, "type": "filter",
             "hook": "input", "prio": 0, "policy": "drop"}}
]})";

std::string places(const char* chains) {
  std::string text;
  for (const ForeignChain& chain : chains_to_open(Json::parse(chains))) {
    text += to_text(chain) + "\n";
  }
  return text;
}

TEST(ForeignChains, ThoseThatDropForwardedIpv4AreOpenedAtDockersOwnPlaceWhereThereIsOne) {
  EXPECT_EQ(places(docker_host), "ip filter DOCKER-USER\ninet ufw forward\n");
}

TEST(ForeignChains, AHostWithoutAFirewallHasNone) {
  EXPECT_EQ(places(R"({"nftables": [{"metainfo": {}}]})"), "");
  EXPECT_EQ(places("{}"), "");
}

TEST(ForeignChains, BothDirectionsAreOpenedUnlessTheyAre) {
  const std::vector<ForeignChain> chains = {{"ip", "filter", "FORWARD"}};
  EXPECT_EQ(
      opening_script(chains, Json::parse(R"({"nftables": []})"), "0badcafe", "stk0badcafe"),
      R"(insert rule ip filter FORWARD iifname "stk0badcafe" counter accept comment "stack:0badcafe"
insert rule ip filter FORWARD oifname "stk0badcafe" counter accept comment "stack:0badcafe"
)");
  const char* half_open = R"({"nftables": [{"rule": {"family": "ip", "table": "filter",
    "chain": "FORWARD", "handle": 7, "comment": "stack:0badcafe", "expr": [{"match": {"op": "==",
    "left": {"meta": {"key": "iifname"}}, "right": "stk0badcafe"}}]}}]})";
  EXPECT_EQ(
      opening_script(chains, Json::parse(half_open), "0badcafe", "stk0badcafe"),
      R"(insert rule ip filter FORWARD oifname "stk0badcafe" counter accept comment "stack:0badcafe"
)");
}

TEST(ForeignChains, OnlyTheStacksOwnRulesAreRemoved) {
  const char* ruleset = R"({"nftables": [
    {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 7,
              "comment": "stack:0badcafe"}},
    {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 8,
              "comment": "stack:11111111"}},
    {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 9}},
    {"rule": {"family": "inet", "table": "ufw", "chain": "forward", "handle": 3,
              "comment": "stack:0badcafe"}}]})";
  EXPECT_EQ(closing_script(Json::parse(ruleset), "0badcafe"),
            "delete rule ip filter FORWARD handle 7\ndelete rule inet ufw forward handle 3\n");
}

TEST(ForeignChains, AnotherNatTableMeansThatSomebodyElseForwards) {
  const auto with_table = [](const char* table) {
    return Json::parse(fmt::format(R"({{"nftables": [{{"chain": {{"family": "ip", "table": "{}",
      "name": "x", "type": "nat", "hook": "postrouting"}}}}]}})",
                                   table));
  };
  EXPECT_TRUE(others_translate(with_table("nat")));
  EXPECT_FALSE(others_translate(with_table("stack_0badcafe")));
}

}  // namespace
}  // namespace stack::network
