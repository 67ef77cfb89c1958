// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/plan.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/history.h"
#include "orchestrator/takeover.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

std::string plan_for(const spec::Project& project, const ObservedState& world = {},
                     Orphans orphans = Orphans::leave, Atomicity atomicity = Atomicity::each) {
  const DesiredState wish = desired(project);
  Changes changes = all_changes(project, wish, world);
  if (orphans == Orphans::remove) remove_orphans(changes);
  return to_text(plan_up(wish, world, changes, atomicity));
}

spec::Project database_and_web() {
  spec::Service db = service("db");
  db.healthcheck.emplace().test = {"CMD", "true"};
  spec::Service web = service("web");
  web.depends_on["db"].condition = spec::Condition::service_healthy;
  return project({db, web});
}

TEST(Plan, ANewDatabaseIsReadyBeforeTheWebServerStarts) {
  EXPECT_EQ("\n" + plan_for(database_and_web()), R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 create container shop-web-1 (absent) after #0
#3 start container shop-db-1 (created) after #1
#4 await shop-db-1 healthy (web depends on it) after #3
#5 start container shop-web-1 (created) after #2 #4
)");
}

TEST(Plan, IsEmptyWhenTheWishHasComeTrue) {
  const auto shop = database_and_web();
  EXPECT_EQ(plan_for(shop, come_true(desired(shop))), "");
}

TEST(Plan, ALimitThatChangesIsUpdatedInPlace) {
  auto shop = database_and_web();
  const ObservedState world = come_true(desired(shop));
  shop.services["db"].mem_limit = 64 << 20;
  EXPECT_EQ(plan_for(shop, world), "#0 update container shop-db-1 (mem_limit)\n");
}

TEST(Plan, AChangedVariableReplacesThatOneContainer) {
  auto shop = database_and_web();
  const ObservedState world = come_true(desired(shop));
  shop.services["web"].environment["DEBUG"] = "1";
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 set aside container shop-web-1 (environment.DEBUG)
#1 create container shop-web-1 (environment.DEBUG) after #0
#2 start container shop-web-1 (created) after #1
#3 await shop-web-1 settled (it takes another one's place) after #2
#4 stop container e4891136974f_shop-web-1 (its successor runs) after #1 #3
#5 remove container e4891136974f_shop-web-1 (its successor runs) after #4
#6 bring back container shop-web-1 (its successor failed) unless #1 #2 #3
#7 start container shop-web-1 (as before) after #6 unless #1 #2 #3
)");
}

TEST(Plan, APortThatMovesIsGivenUpByItsOldHolderFirst) {
  spec::Service blue = service("blue");
  spec::Service green = service("green");
  green.ports = {port(8080)};
  ObservedState world = come_true(desired(project({blue, green})));
  world.containers.at("shop-green-1").status.published = {
      {"0.0.0.0", 8080, "tcp", network::Ipv4{}, 80}};
  std::swap(blue.ports, green.ports);
  EXPECT_EQ("\n" + plan_for(project({blue, green}), world), R"(
#0 set aside container shop-green-1 (ports)
#1 create container shop-green-1 (ports) after #0
#2 stop container f13f54e1fdcf_shop-green-1 (ports) after #1
#3 start container shop-green-1 (created) after #1 #2
#4 await shop-green-1 settled (it takes another one's place) after #3
#5 remove container f13f54e1fdcf_shop-green-1 (its successor runs) after #1 #2 #4
#6 update container shop-blue-1 (ports) after #4
#7 bring back container shop-green-1 (its successor failed) unless #1 #2 #3 #4
#8 start container shop-green-1 (as before) after #7 unless #1 #2 #3 #4
)");
}

TEST(Plan, AFixedAddressThatMovesIsGivenUpByItsOldHolderFirst) {
  spec::Service old = service("old");
  old.networks["default"].ipv4_address = "10.5.0.9";
  const ObservedState world = come_true(desired(project({old})));
  spec::Service renamed = service("new");
  renamed.networks = old.networks;
  EXPECT_EQ("\n" + plan_for(project({renamed}), world, Orphans::remove), R"(
#0 stop container shop-old-1 (orphan: service "old" is not in the file)
#1 remove container shop-old-1 (orphan: service "old" is not in the file) after #0
#2 create container shop-new-1 (absent) after #1
#3 start container shop-new-1 (created) after #2
)");
}

TEST(Plan, WhoAsksForItIsRestartedWithWhatItDependsOn) {
  auto shop = database_and_web();
  shop.services["web"].depends_on["db"].restart = true;
  const ObservedState world = come_true(desired(shop));
  shop.services["db"].environment["TUNE"] = "1";
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 set aside container shop-db-1 (environment.TUNE)
#1 create container shop-db-1 (environment.TUNE) after #0
#2 stop container shop-web-1 (db is replaced)
#3 start container shop-db-1 (created) after #1
#4 await shop-db-1 healthy (it takes another one's place) after #3
#5 await shop-db-1 healthy (web depends on it) after #3
#6 start container shop-web-1 (db is replaced) after #2 #5
#7 stop container f7cb5a881282_shop-db-1 (its successor runs) after #1 #4
#8 remove container f7cb5a881282_shop-db-1 (its successor runs) after #7
#9 bring back container shop-db-1 (its successor failed) unless #1 #3 #4
#10 start container shop-db-1 (as before) after #9 unless #1 #3 #4
#11 start container shop-web-1 (as before) unless #2 #6 #10
)");
}

TEST(Plan, ACompletedJobIsNotRunAgain) {
  spec::Service seed = service("seed");
  spec::Service web = service("web");
  web.depends_on["seed"].condition = spec::Condition::service_completed_successfully;
  const auto shop = project({seed, web});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-seed-1"] = exited(world.containers["shop-seed-1"], 0);
  EXPECT_EQ(plan_for(shop, world), "");
}

TEST(Plan, AFailedJobIsRunAgainWithoutBeingMadeAnew) {
  const auto shop = project({service("seed")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-seed-1"] = exited(world.containers["shop-seed-1"], 3);
  EXPECT_EQ(plan_for(shop, world), "#0 start container shop-seed-1 (exited (3))\n");
}

TEST(Plan, OneThatDidNotRunIsKeptUntilItsSuccessorHasStarted) {
  auto shop = project({service("seed")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-seed-1"] = exited(world.containers["shop-seed-1"], 0);
  shop.services["seed"].environment["TUNE"] = "1";
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 set aside container shop-seed-1 (environment.TUNE)
#1 create container shop-seed-1 (environment.TUNE) after #0
#2 start container shop-seed-1 (created) after #1
#3 remove container b2413345eb38_shop-seed-1 (its successor runs) after #1 #2
#4 bring back container shop-seed-1 (its successor failed) unless #1 #2
)");
}

TEST(Plan, AContainerThatTheUserStoppedIsStartedByUp) {
  const auto shop = project({service("web")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-web-1"] = exited(world.containers["shop-web-1"], 0);
  world.containers["shop-web-1"].status.stopped_by_user = true;
  EXPECT_EQ(plan_for(shop, world), "#0 start container shop-web-1 (exited (0))\n");
}

spec::Project data_container() {
  spec::Service data = service("dbdata");
  data.command.reset();
  data.volumes.push_back({});
  data.volumes.back().target = "/var/lib/postgresql";
  spec::Service db = service("db");
  db.volumes_from.push_back({spec::VolumesFrom::Kind::service, "dbdata", spec::Access::read_write});
  db.depends_on["dbdata"] = {};
  return project({db, data});
}

TEST(Plan, ADataContainerIsMadeBeforeItsUserAndNeverStarted) {
  const std::string volume = anonymous_volume_name("shop", "dbdata", 1, "/var/lib/postgresql");
  EXPECT_EQ("\n" + plan_for(data_container()), R"(
#0 create network shop_default (absent)
#1 create volume )" + volume + R"( (absent)
#2 create container shop-dbdata-1 (absent) after #0 #1
#3 create container shop-db-1 (absent) after #0 #1 #2
#4 start container shop-db-1 (created) after #3
)");
}

TEST(Plan, OrphansAreNamedAndLeftAloneUnlessAskedFor) {
  const auto before = project({service("old"), service("web")});
  const ObservedState world = come_true(desired(before));
  const auto after = project({service("web")});
  const DesiredState wish = desired(after);
  Changes changes = diff(wish, world, {"web"});
  const Plan plan = plan_up(wish, world, changes);
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.orphans, std::vector<std::string>{"shop-old-1"});
  EXPECT_TRUE(history_changes(changes).empty());
  remove_orphans(changes);
  EXPECT_EQ("\n" + to_text(plan_up(wish, world, changes)), R"(
#0 stop container shop-old-1 (orphan: service "old" is not in the file)
#1 remove container shop-old-1 (orphan: service "old" is not in the file) after #0
)");
  EXPECT_EQ(history_changes(changes).front().verb, "remove");
}

TEST(Plan, ScalingDownTakesTheHighestNumbers) {
  auto shop = project({service("web")});
  shop.services["web"].scale = 3;
  const ObservedState world = come_true(desired(shop));
  shop.services["web"].scale = 2;
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 stop container shop-web-3 (scaled down)
#1 remove container shop-web-3 (scaled down) after #0
)");
}

TEST(Plan, WhatIsScaledAwayGoesBeforeWhatIsMissingComes) {
  auto shop = project({service("web")});
  shop.services["web"].scale = 2;
  ObservedState world = come_true(desired(shop));
  world.containers.erase("shop-web-1");
  shop.services["web"].scale = 1;
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 create container shop-web-1 (absent)
#1 stop container shop-web-2 (scaled down)
#2 remove container shop-web-2 (scaled down) after #1
#3 start container shop-web-1 (created) after #0 #2
)");
}

TEST(Plan, WhoIsInAChangedNetworkStartsAnewInTheNextOne) {
  auto shop = project({service("web")});
  const ObservedState world = come_true(desired(shop));
  shop.networks["default"].internal = true;
  EXPECT_EQ("\n" + plan_for(shop, world), R"(
#0 stop container shop-web-1 (network shop_default is replaced)
#1 remove network shop_default (changed) after #0
#2 create network shop_default (changed) after #1
#3 start container shop-web-1 (network shop_default is replaced) after #0 #2
#4 start container shop-web-1 (as before) unless #0 #3
)");
}

ObservedState running(const spec::Project& project) {
  return come_true(desired(project));
}

TEST(PlanDown, StopsDependentsFirstAndLeavesVolumes) {
  auto shop = database_and_web();
  shop.services["db"].volumes.push_back({});
  shop.services["db"].volumes.back().source = "data";
  shop.services["db"].volumes.back().target = "/data";
  shop = project({shop.services["db"], shop.services["web"]});
  DownPolicy policy;
  policy.project = "shop";
  EXPECT_EQ("\n" + to_text(plan_down(running(shop), policy)), R"(
#0 stop container shop-web-1 (down)
#1 stop container shop-db-1 (down) after #0
#2 remove container shop-db-1 (down) after #1
#3 remove container shop-web-1 (down) after #0
#4 remove network shop_default (down) after #2 #3
)");
  policy.volumes = true;
  policy.volume_names = {"shop_data"};
  EXPECT_TRUE(to_text(plan_down(running(shop), policy))
                  .ends_with("#5 remove volume shop_data (down -v) after #2 #3\n"));
}

TEST(PlanDown, ANetworkThatOtherStacksAreInStays) {
  ObservedState world = come_true(desired(project({service("web")})));
  world.networks.at("shop_default").guests = {"blog/blog-web-1"};
  const Plan plan = plan_down(world, {});
  EXPECT_EQ(to_text(plan).find("remove network"), std::string::npos);
  EXPECT_EQ(plan.networks_in_use, (std::vector<std::string>{"shop_default"}));
}

TEST(Plan, ANetworkOfAnotherStackIsNotMade) {
  DesiredState shop = desired(project({service("web")}));
  shop.networks.at("shop_default").owner = "blog";
  const ObservedState nothing;
  const Plan plan = plan_up(shop, nothing, diff(shop, nothing, {"web"}));
  EXPECT_EQ(to_text(plan).find("create network"), std::string::npos);
}

TEST(PlanDown, AnonymousVolumesGoExceptThoseOfDataContainers) {
  auto shop = data_container();
  shop.services["db"].volumes.push_back({});
  shop.services["db"].volumes.back().target = "/scratch";
  ObservedState world = running(shop);
  world.containers["shop-dbdata-1"].status.phase = supervisor::Phase::created;
  DownPolicy policy;
  policy.project = "shop";
  const std::string scratch = anonymous_volume_name("shop", "db", 1, "/scratch");
  const std::string data = anonymous_volume_name("shop", "dbdata", 1, "/var/lib/postgresql");
  const std::string kept = to_text(plan_down(world, policy));
  EXPECT_NE(kept.find("remove volume " + scratch), std::string::npos);
  EXPECT_EQ(kept.find(data), std::string::npos);
  policy.volumes = true;
  EXPECT_NE(to_text(plan_down(world, policy)).find("remove volume " + data), std::string::npos);
}

TEST(PlanDown, WhoWasKilledBeforeItCouldEndIsNoServer) {
  ObservedState world = running(data_container());
  supervisor::ContainerStatus& status = world.containers["shop-dbdata-1"].status;
  DownPolicy policy;
  policy.project = "shop";
  policy.looked_at = std::chrono::system_clock::now();
  const auto stays = [&] {
    return to_text(plan_down(world, policy)).find("remove volume") == std::string::npos;
  };
  status.phase = supervisor::Phase::running;
  status.started = policy.looked_at - std::chrono::seconds(2);
  EXPECT_TRUE(stays()) << "it may be about to end";
  status.started = policy.looked_at - std::chrono::minutes(2);
  EXPECT_FALSE(stays()) << "a server";
  status.ended_well = true;
  EXPECT_TRUE(stays()) << "that has ended with 0 before";
  status.phase = supervisor::Phase::exited;
  status.exit_code = 137;
  status.finished = policy.looked_at - std::chrono::minutes(1);
  EXPECT_TRUE(stays()) << "killed at its second run";
  status.ended_well = false;
  EXPECT_FALSE(stays()) << "killed after a minute of its first run";
  status.started = status.finished - std::chrono::milliseconds(20);
  EXPECT_TRUE(stays()) << "killed at once";
}

TEST(PlanDown, AnonymousVolumesStayWhoseServiceKeepsThem) {
  spec::Service db = service("db");
  db.volumes.emplace_back().target = "/data";
  db.keeps_anonymous = true;
  const ObservedState world = come_true(desired(project({db})));
  DownPolicy policy;
  policy.project = "shop";
  EXPECT_EQ(to_text(plan_down(world, policy)).find("remove volume"), std::string::npos);
  policy.volumes = true;
  EXPECT_NE(to_text(plan_down(world, policy)).find("remove volume"), std::string::npos);
}

TEST(PlanDown, ANamedServiceGoesAloneAndTheNetworkStays) {
  DownPolicy policy;
  policy.project = "shop";
  policy.services = {"db"};
  const std::string text = to_text(plan_down(running(database_and_web()), policy));
  EXPECT_EQ(text,
            "#0 stop container shop-db-1 (down)\n"
            "#1 remove container shop-db-1 (down) after #0\n");
}

/// A volume, or an anonymous one, at this path.
spec::Mount volume_at(const std::string& target, const std::string& source = "") {
  spec::Mount mount;
  mount.source = source;
  mount.target = target;
  return mount;
}

/// Two services, each with a volume of its own, and both made.
ObservedState two_with_volumes() {
  auto web = service("web");
  auto db = service("db");
  web.volumes.push_back(volume_at("/v", "pages"));
  db.volumes.push_back(volume_at("/v", "rows"));
  return running(project({web, db}));
}

TEST(PlanDown, AVolumeThatAContainerHasThatStaysIsLeft) {
  DownPolicy policy;
  policy.project = "shop";
  policy.services = {"web"};
  policy.volumes = true;
  policy.volume_names = {"shop_pages", "shop_rows"};
  const Plan plan = plan_down(two_with_volumes(), policy);
  const std::string text = to_text(plan);
  EXPECT_NE(text.find("remove volume shop_pages"), std::string::npos) << text;
  EXPECT_EQ(text.find("shop_rows"), std::string::npos) << text;
  EXPECT_EQ(plan.volumes_in_use, std::vector<std::string>{"shop_rows"});
}

TEST(PlanDown, AVolumeThatAnotherStackHasIsLeft) {
  DownPolicy policy;
  policy.project = "shop";
  policy.volumes = true;
  policy.volume_names = {"shop_pages", "shop_rows"};
  policy.volume_users = {{"shop_pages", {"shop-web-1"}}, {"shop_rows", {"blog-web-1"}}};
  const Plan plan = plan_down(two_with_volumes(), policy);
  EXPECT_NE(to_text(plan).find("remove volume shop_pages"), std::string::npos);
  EXPECT_EQ(plan.volumes_in_use, std::vector<std::string>{"shop_rows"});
}

TEST(PlanDown, OnlyVolumesThatMinusVWouldTakeAreSaidToBeKept) {
  DownPolicy policy;
  policy.project = "shop";
  policy.services = {"web"};
  policy.volume_names = {"shop_pages", "shop_rows"};
  EXPECT_EQ(plan_down(two_with_volumes(), policy).volumes_kept,
            std::vector<std::string>{"shop_pages"});
}

TEST(PlanDown, AnonymousVolumesOfOtherProfilesAndOrphansStay) {
  auto scratch = [](const std::string& name) {
    auto each = service(name);
    each.volumes.push_back(volume_at("/scratch"));
    return each;
  };
  const ObservedState world = running(project({scratch("web"), scratch("tool"), scratch("old")}));
  DownPolicy policy;
  policy.project = "shop";
  policy.volumes = true;
  policy.known_services = {"web", "tool"};
  policy.inactive_services = {"tool"};
  const std::string text = to_text(plan_down(world, policy));
  const auto has = [&](const char* name) {
    return text.find("remove volume " + anonymous_volume_name("shop", name, 1, "/scratch")) !=
           std::string::npos;
  };
  EXPECT_TRUE(has("web"));
  EXPECT_FALSE(has("tool"));
  EXPECT_FALSE(has("old"));
}

TEST(PlanDown, AnonymousVolumesAreKeptForAWhileUnlessNow) {
  auto web = service("web");
  web.volumes.push_back(volume_at("/scratch"));
  const ObservedState world = running(project({web}));
  DownPolicy policy;
  policy.project = "shop";
  for (const bool now : {false, true}) {
    policy.now = now;
    const Plan plan = plan_down(world, policy);
    const auto* const volume = std::get_if<RemoveVolume>(&plan.steps.back().action);
    ASSERT_NE(volume, nullptr);
    EXPECT_EQ(volume->for_good, now);
  }
}

TEST(PlanStop, StopsOnlyWhatRunsInReverseOrder) {
  ObservedState world = running(database_and_web());
  EXPECT_EQ("\n" + to_text(plan_stop(world, {}, std::nullopt)), R"(
#0 stop container shop-web-1 (asked for)
#1 stop container shop-db-1 (asked for) after #0
)");
  world.containers["shop-web-1"] = exited(world.containers["shop-web-1"], 0);
  EXPECT_EQ(to_text(plan_stop(world, {}, std::nullopt)),
            "#0 stop container shop-db-1 (asked for)\n");
}

}  // namespace
}  // namespace stack::orchestrator
