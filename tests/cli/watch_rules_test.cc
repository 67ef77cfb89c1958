// SPDX-License-Identifier: Apache-2.0
#include "cli/watch_rules.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

WatchRule rule(WatchAction action, const std::string& path, const std::string& ignore = "") {
  WatchRule made;
  made.service = "web";
  made.path = path;
  made.action = action;
  made.target = "/app";
  made.ignored = build::IgnoreRules(ignore);
  return made;
}

TEST(WatchRules, AChangeBelongsToWhatIsBelowThePath) {
  const WatchRule src = rule(WatchAction::sync, "/shop/src");
  EXPECT_EQ(place_below(src, "/shop/src/a/b.js"), "a/b.js");
  EXPECT_EQ(place_below(src, "/shop/src"), "");
  EXPECT_EQ(place_below(src, "/shop/srcs/a"), std::nullopt);
}

TEST(WatchRules, WhatIsIgnoredIsNobodysBusiness) {
  WatchRule src = rule(WatchAction::sync, "/shop/src", "node_modules\n**/*.log\n!keep.log");
  EXPECT_EQ(place_below(src, "/shop/src/node_modules/x/y"), std::nullopt);
  EXPECT_EQ(place_below(src, "/shop/src/a/b.log"), std::nullopt);
  EXPECT_EQ(place_below(src, "/shop/src/keep.log"), "keep.log");
  for (const char* name : {".git/index", "a/.b.js.swp", "b.js~", "4913", ".#b.js"})
    EXPECT_EQ(place_below(src, std::string("/shop/src/") + name), std::nullopt) << name;
  src.context = "/shop";
  src.context_ignored = build::IgnoreRules("src/generated");
  EXPECT_EQ(place_below(src, "/shop/src/generated/a"), std::nullopt);
}

TEST(WatchRules, OnlyWhatIsIncludedCounts) {
  WatchRule src = rule(WatchAction::sync, "/shop");
  src.included.emplace_back("*.py");
  src.included.emplace_back("lib");
  EXPECT_EQ(place_below(src, "/shop/a.py"), "a.py");
  EXPECT_EQ(place_below(src, "/shop/lib/x/y.txt"), "lib/x/y.txt");
  EXPECT_EQ(place_below(src, "/shop/a.txt"), std::nullopt);
}

TEST(WatchRules, EachThingIsDoneOnce) {
  const std::vector<WatchRule> rules{rule(WatchAction::sync_restart, "/shop/src"),
                                     rule(WatchAction::sync, "/shop/static"),
                                     rule(WatchAction::restart, "/shop/etc/conf")};
  const WatchWork work = work_for(rules, {"/shop/src/a", "/shop/src/b", "/shop/etc/conf"});
  EXPECT_EQ(work.synced, (std::map<std::size_t, std::set<std::string>>{{0, {"a", "b"}}}));
  EXPECT_EQ(work.restarted, std::set<std::string>{"web"});
  EXPECT_TRUE(work_for(rules, {"/elsewhere"}).empty());
}

TEST(WatchRules, WhatIsRebuiltNeedsNothingElse) {
  const std::vector<WatchRule> rules{rule(WatchAction::sync_restart, "/shop/src"),
                                     rule(WatchAction::rebuild, "/shop/src/package.json")};
  const WatchWork work = work_for(rules, {"/shop/src/a", "/shop/src/package.json"});
  EXPECT_EQ(work.rebuilt, std::set<std::string>{"web"});
  EXPECT_TRUE(work.synced.empty());
  EXPECT_TRUE(work.restarted.empty());
}

}  // namespace
}  // namespace stack::cli
