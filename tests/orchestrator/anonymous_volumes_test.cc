// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/anonymous_volumes.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/execute.h"
#include "world.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

/// db has /data for itself, web has it by volumes_from; the variable tells one db from another.
spec::Project shop_with(const std::string& colour) {
  spec::Service db = service("db");
  db.environment["COLOUR"] = colour;
  db.volumes.emplace_back().target = "/data";
  spec::Service web = service("web");
  web.volumes_from.emplace_back().name = "db";
  return project({db, web});
}

const std::string& volume_of(const DesiredState& wish, const std::string& container) {
  return wish.containers.at(container).volume_names.at(0);
}

struct Decision {
  DesiredState wish;
  Changes changes;
};

/// As `up -V`, or as `up`.
Decision decide(const spec::Project& shop, const ObservedState& world, bool renews) {
  Decision made{desired(shop), {}};
  find_renewed_volumes(made.wish, world);
  made.changes = diff(made.wish, world, {"db", "web"});
  if (!renews) return made;
  auto renewed = renew_volumes(made.wish, world, made.changes);
  made.changes = diff(made.wish, world, {"db", "web"});
  made.changes.renewed_volumes = std::move(renewed);
  return made;
}

std::string steps(const Decision& made, const ObservedState& world) {
  return to_text(plan_up(made.wish, world, made.changes));
}

TEST(AnonymousVolumes, StayOverARecreateThatDoesNotRenewThem) {
  const ObservedState world = come_true(desired(shop_with("red")));
  const Decision made = decide(shop_with("blue"), world, false);
  EXPECT_EQ(made.changes.containers.at("shop-db-1").verdict, Verdict::recreate);
  EXPECT_EQ(made.changes.containers.at("shop-web-1").verdict, Verdict::keep);
  EXPECT_TRUE(made.changes.new_volumes.empty());
}

TEST(AnonymousVolumes, AreNotRenewedForWhatStaysAsItIs) {
  const ObservedState world = come_true(desired(shop_with("red")));
  const Decision made = decide(shop_with("red"), world, true);
  EXPECT_EQ(steps(made, world), "");
}

TEST(AnonymousVolumes, ARenewedOneIsAnotherForAllWhoHaveIt) {
  const ObservedState world = come_true(desired(shop_with("red")));
  const std::string old = volume_of(desired(shop_with("red")), "shop-db-1");
  const Decision made = decide(shop_with("blue"), world, true);
  const std::string& fresh = volume_of(made.wish, "shop-db-1");
  EXPECT_NE(fresh, old);
  EXPECT_EQ(volume_of(made.wish, "shop-web-1"), fresh);
  EXPECT_EQ(made.changes.containers.at("shop-web-1").verdict, Verdict::recreate);
  EXPECT_EQ(made.wish.volumes.at(fresh).labels.at(in_place_of_label), old);
  EXPECT_EQ(made.changes.new_volumes, std::vector{fresh});
}

/// Carries it out, with what fails.
ObservedState after(
    const Decision& made, const ObservedState& world,
    const std::function<bool(const Action&)>& fails = [](const auto&) { return false; }) {
  World engine(made.wish, world);
  const Plan plan = plan_up(made.wish, world, made.changes);
  for (StepId step = 0; step < plan.steps.size(); ++step)
    if (fails(plan.steps[step].action)) engine.failing.insert(step);
  Report silent;
  execute(plan, engine, silent, [] { return false; });
  return engine.observe();
}

TEST(AnonymousVolumes, TheOldOneGoesWhenNobodyHasItAnyMore) {
  const ObservedState world = come_true(desired(shop_with("red")));
  const Decision made = decide(shop_with("blue"), world, true);
  const ObservedState now = after(made, world);
  ASSERT_EQ(now.volumes.size(), 1U);
  EXPECT_EQ(now.volumes.begin()->first, volume_of(made.wish, "shop-db-1"));
  EXPECT_EQ(steps(decide(shop_with("blue"), now, false), now), "");
  EXPECT_EQ(steps(decide(shop_with("blue"), now, true), now), "");
}

TEST(AnonymousVolumes, CanBeRenewedAgainAndAgain) {
  ObservedState world = come_true(desired(shop_with("red")));
  std::string before = volume_of(desired(shop_with("red")), "shop-db-1");
  for (const char* colour : {"blue", "green", "red"}) {
    const Decision made = decide(shop_with(colour), world, true);
    EXPECT_NE(volume_of(made.wish, "shop-db-1"), before);
    before = volume_of(made.wish, "shop-db-1");
    world = after(made, world);
    EXPECT_EQ(world.volumes.size(), 1U);
  }
}

TEST(AnonymousVolumes, AFailureLeavesTheOldOneAndNothingElse) {
  const ObservedState world = come_true(desired(shop_with("red")));
  const Decision made = decide(shop_with("blue"), world, true);
  const ObservedState now = after(made, world, [](const Action& action) {
    return std::holds_alternative<AwaitSettled>(action);
  });
  ASSERT_EQ(now.volumes.size(), 1U);
  EXPECT_EQ(now.volumes.begin()->first, volume_of(desired(shop_with("red")), "shop-db-1"));
  EXPECT_EQ(steps(decide(shop_with("red"), now, false), now), "");
}

TEST(AnonymousVolumes, TheOneOfTheContainerCountsWhenThereAreTwo) {
  const ObservedState red = come_true(desired(shop_with("red")));
  const Decision made = decide(shop_with("blue"), red, true);
  ObservedState world = come_true(made.wish);
  world.volumes.merge(ObservedState(red).volumes);  // killed before it was removed
  const Decision again = decide(shop_with("blue"), world, false);
  EXPECT_EQ(steps(again, world), "");
}

TEST(AnonymousVolumes, WithoutAContainerTheYoungestCounts) {
  const Decision made = decide(shop_with("blue"), come_true(desired(shop_with("red"))), true);
  ObservedState world;
  world.volumes = come_true(desired(shop_with("red"))).volumes;
  const std::string& fresh = volume_of(made.wish, "shop-db-1");
  world.volumes[fresh] = {fresh, made.wish.volumes.at(fresh).labels,
                          std::chrono::system_clock::time_point(std::chrono::seconds(1)),
                          "/volumes/" + fresh};
  EXPECT_EQ(volume_of(decide(shop_with("blue"), world, false).wish, "shop-db-1"), fresh);
}

TEST(AnonymousVolumes, OfAServiceAreItsOwnUnnamedOnes) {
  spec::Service db = service("db");
  db.volumes.emplace_back().target = "/cache";
  db.volumes.emplace_back().target = "/data";
  db.volumes.back().source = "kept";
  spec::Service web = service("web");
  web.volumes_from.emplace_back().name = "db";
  const DesiredState wish = desired(project({db, web}));
  EXPECT_EQ(own_anonymous_volumes(wish, wish.containers.at("shop-db-1")),
            std::vector{anonymous_volume_name("shop", "db", 1, "/cache")});
  EXPECT_TRUE(own_anonymous_volumes(wish, wish.containers.at("shop-web-1")).empty());
}

TEST(AnonymousVolumes, NamedOnesAreNeverRenewed) {
  spec::Service db = service("db");
  db.volumes.emplace_back().target = "/data";
  db.volumes.back().source = "kept";
  const ObservedState world = come_true(desired(project({db})));
  db.environment["COLOUR"] = "blue";
  const Decision made = decide(project({db}), world, true);
  EXPECT_TRUE(made.changes.renewed_volumes.empty());
  EXPECT_TRUE(made.changes.new_volumes.empty());
}

}  // namespace
}  // namespace stack::orchestrator
