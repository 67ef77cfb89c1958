// SPDX-License-Identifier: Apache-2.0
#include "network/foreign_chains.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stack::network {
namespace {

ListedChain base(const char* family, const char* table, const char* name, Hook hook, bool drops,
                 const char* type = "filter") {
  return {{family, table, name}, type, hook, drops};
}

const std::vector<ListedChain> docker_host = {
    {{"ip", "filter", "DOCKER-USER"}, "", Hook::none, false},
    base("ip", "filter", "FORWARD", Hook::forward, true),
    base("ip6", "filter", "FORWARD", Hook::forward, true),
    base("inet", "ufw", "forward", Hook::forward, true),
    base("inet", "stack_1", "clamp", Hook::forward, false),
    base("ip", "filter", "INPUT", Hook::other, true)};

std::string places(const std::vector<ListedChain>& chains, Families families = Families::ipv4,
                   const std::vector<ListedRule>& rules = {}) {
  std::string text;
  for (const ForeignChain& chain : chains_to_open(chains, rules, families))
    text += to_text(chain) + "\n";
  return text;
}

/// Of chain `name` in a table "inet f": `verdict` for all packets, or for some.
ListedRule rule(const char* name, Verdict verdict, const char* target = "", bool for_all = true) {
  return {{"inet", "f", name}, 1, "", false, false, verdict, target, for_all};
}

/// Whether a forward chain "in" that lets pass what nobody drops must be opened.
bool drops(const std::vector<ListedRule>& rules) {
  return !places({base("inet", "f", "in", Hook::forward, false)}, Families::ipv4, rules).empty();
}

TEST(ForeignChains, ThoseThatDropForwardedIpv4AreOpenedAtDockersOwnPlaceWhereThereIsOne) {
  EXPECT_EQ(places(docker_host), "ip filter DOCKER-USER\ninet ufw forward\n");
  EXPECT_EQ(places(docker_host, Families::both),
            "ip filter DOCKER-USER\nip6 filter FORWARD\ninet ufw forward\n");
}

TEST(ForeignChains, OneThatDropsWhateverItHasNotLetPassIsOpened) {
  EXPECT_FALSE(drops({rule("in", Verdict::drop, "", false)})) << "somebody's wish";
  EXPECT_TRUE(drops({rule("in", Verdict::accept, "", false), rule("in", Verdict::drop)}));
  EXPECT_FALSE(drops({rule("in", Verdict::accept), rule("in", Verdict::drop)}));
  EXPECT_FALSE(drops({rule("in", Verdict::back), rule("in", Verdict::drop)}));
  EXPECT_FALSE(drops({rule("other", Verdict::drop)}));
}

TEST(ForeignChains, DropsAreLookedForWhereAllPacketsAreLed) {
  const auto leads = [](Verdict how, bool for_all = true) {
    return rule("in", how, "zones", for_all);
  };
  const ListedRule drop = rule("zones", Verdict::drop);
  EXPECT_TRUE(drops({leads(Verdict::jump), drop}));
  EXPECT_TRUE(drops({leads(Verdict::go_to), drop}));
  EXPECT_FALSE(drops({leads(Verdict::jump, false), drop}));
  const ListedRule back = rule("zones", Verdict::back);
  EXPECT_TRUE(drops({leads(Verdict::jump), rule("in", Verdict::drop), back}));
  EXPECT_FALSE(drops({leads(Verdict::go_to), rule("in", Verdict::drop), back}));
}

TEST(ForeignChains, AHostWithoutAFirewallHasNone) {
  EXPECT_EQ(places({}), "");
}

TEST(ForeignChains, BothDirectionsAreOpenedUnlessTheyAre) {
  const std::vector<ForeignChain> chains = {{"ip", "filter", "FORWARD"}};
  EXPECT_EQ(
      opening_script(chains, {}, "0badcafe", "stk0badcafe"),
      R"(insert rule ip filter FORWARD iifname "stk0badcafe" counter accept comment "stack:0badcafe"
insert rule ip filter FORWARD oifname "stk0badcafe" counter accept comment "stack:0badcafe"
)");
  const std::vector<ListedRule> half_open = {{chains[0], 7, "stack:0badcafe", true, false}};
  EXPECT_EQ(
      opening_script(chains, half_open, "0badcafe", "stk0badcafe"),
      R"(insert rule ip filter FORWARD oifname "stk0badcafe" counter accept comment "stack:0badcafe"
)");
}

TEST(ForeignChains, OnlyTheStacksOwnRulesAreRemoved) {
  const ForeignChain forward{"ip", "filter", "FORWARD"};
  EXPECT_EQ(closing_script({{forward, 7, "stack:0badcafe"},
                            {forward, 8, "stack:11111111"},
                            {forward, 9, ""},
                            {{"inet", "ufw", "forward"}, 3, "stack:0badcafe"}},
                           "0badcafe"),
            "delete rule ip filter FORWARD handle 7\ndelete rule inet ufw forward handle 3\n");
}

TEST(ForeignChains, AnotherNatTableMeansThatSomebodyElseForwards) {
  const auto with_table = [](const char* table) {
    return std::vector{base("ip", table, "x", Hook::postrouting, false, "nat")};
  };
  EXPECT_TRUE(others_translate(with_table("nat")));
  EXPECT_FALSE(others_translate(with_table("stack_0badcafe")));
}

}  // namespace
}  // namespace stack::network
