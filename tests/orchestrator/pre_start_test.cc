// SPDX-License-Identifier: Apache-2.0
// Containers that prepare a service: what they are, and when they run.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "builders.h"
#include "orchestrator/lower.h"
#include "orchestrator/plan.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::PreStart step(const std::string& command, bool per_replica = false) {
  spec::PreStart step;
  step.run.command = {command};
  step.per_replica = per_replica;
  return step;
}

Changes changes_for(const spec::Project& project, const ObservedState& world) {
  return diff(desired(project), world, names_of(project));
}

std::string plan_of_steps(const spec::Project& project, const ObservedState& world = {}) {
  return to_text(plan_up(desired(project), world, changes_for(project, world)));
}

spec::Service prepared_web() {
  spec::Service web = service("web");
  web.pre_start = {step("migrate"), step("seed")};
  return web;
}

TEST(PreStart, EachStepEndsBeforeTheNextAndTheServiceStartsLast) {
  spec::Service db = service("db");
  spec::Service web = prepared_web();
  web.depends_on["db"];
  EXPECT_EQ("\n" + plan_of_steps(project({db, web})), R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 create container shop-web-1 (absent) after #0
#3 create container shop-web-pre_start-0 (absent) after #0 #2
#4 create container shop-web-pre_start-1 (absent) after #0 #2
#5 start container shop-db-1 (created) after #1
#6 start container shop-web-pre_start-0 (created) after #3 #5
#7 await shop-web-pre_start-0 completed (web starts after it) after #6
#8 start container shop-web-pre_start-1 (created) after #4 #5 #7
#9 await shop-web-pre_start-1 completed (web starts after it) after #8
#10 start container shop-web-1 (created) after #2 #5 #7 #9
)");
}

TEST(PreStart, IsNotRunAgainWhenItHasSucceeded) {
  const auto shop = project({prepared_web()});
  const ObservedState world = come_true(desired(shop));
  EXPECT_EQ(plan_of_steps(shop, world), "");
  auto scaled = shop;
  scaled.services["web"].scale = 2;
  EXPECT_EQ("\n" + plan_of_steps(scaled, world), R"(
#0 create container shop-web-2 (absent)
#1 start container shop-web-2 (created) after #0
)");
  ObservedState stopped = world;
  auto& web = stopped.containers["shop-web-1"];
  web = exited(web, 0);
  web.status.stopped_by_user = true;
  EXPECT_EQ(plan_of_steps(shop, stopped), "#0 start container shop-web-1 (exited (0))\n");
}

TEST(PreStart, AnotherDefinitionIsRunBetweenTheOldAndTheNewContainer) {
  spec::Service web = service("web");
  web.pre_start = {step("migrate")};
  const ObservedState world = come_true(desired(project({web})));
  web.pre_start = {step("migrate-more")};
  EXPECT_EQ("\n" + plan_of_steps(project({web}), world), R"(
#0 set aside container shop-web-1 (pre_start)
#1 remove container shop-web-pre_start-0 (command)
#2 create container shop-web-1 (pre_start) after #0
#3 create container shop-web-pre_start-0 (command) after #1 #2
#4 stop container e4891136974f_shop-web-1 (pre_start) after #2
#5 start container shop-web-pre_start-0 (created) after #3 #4
#6 await shop-web-pre_start-0 completed (web starts after it) after #5
#7 start container shop-web-1 (created) after #2 #4 #6
#8 await shop-web-1 settled (it takes another one's place) after #7
#9 remove container e4891136974f_shop-web-1 (its successor runs) after #2 #4 #8
#10 bring back container shop-web-1 (its successor failed) unless #2 #4 #7 #8
#11 start container shop-web-1 (as before) after #10 unless #2 #4 #7 #8
)");
}

TEST(PreStart, WhatFailedIsReplacedAndTheServiceStartedAfterIt) {
  spec::Service web = service("web");
  web.pre_start = {step("migrate")};
  const auto shop = project({web});
  ObservedState world = come_true(desired(shop));
  auto& failed = world.containers["shop-web-pre_start-0"];
  failed = exited(failed, 3);
  auto& waiting = world.containers["shop-web-1"];
  waiting.status.phase = supervisor::Phase::created;
  waiting.status.process = {};
  EXPECT_EQ("\n" + plan_of_steps(shop, world), R"(
#0 remove container shop-web-pre_start-0 (exited (3))
#1 create container shop-web-pre_start-0 (exited (3)) after #0
#2 start container shop-web-pre_start-0 (created) after #1
#3 await shop-web-pre_start-0 completed (web starts after it) after #2
#4 start container shop-web-1 (created) after #3
)");
  const Plan start = plan_start(desired(shop), world, {"web"});
  EXPECT_EQ("\n" + to_text(start), R"(
#0 start container shop-web-pre_start-0 (asked for)
#1 await shop-web-pre_start-0 completed (web starts after it) after #0
#2 start container shop-web-1 (asked for) after #1
)");
}

TEST(PreStart, StartAndRestartLeaveAloneWhatIsDone) {
  const auto shop = project({prepared_web()});
  ObservedState world = come_true(desired(shop));
  EXPECT_EQ("\n" + to_text(plan_restart(world, {})), R"(
#0 stop container shop-web-1 (asked for)
#1 start container shop-web-1 (asked for) after #0
)");
  auto& web = world.containers["shop-web-1"];
  web = exited(web, 0);
  EXPECT_EQ(to_text(plan_start(desired(shop), world, {"web"})),
            "#0 start container shop-web-1 (asked for)\n");
}

TEST(PreStart, AStepOfEachReplicaRunsBeforeThatOne) {
  spec::Service web = service("web");
  web.scale = 2;
  web.pre_start = {step("shared"), step("each", true), step("last")};
  const DesiredState wish = desired(project({web}));
  using Names = std::vector<std::string>;
  EXPECT_EQ(wish.containers.at("shop-web-2").prepared_by,
            (Names{"shop-web-pre_start-0", "shop-web-2-pre_start-1", "shop-web-pre_start-2"}));
  EXPECT_EQ(wish.containers.at("shop-web-2-pre_start-1").prepared_by,
            Names{"shop-web-pre_start-0"});
  EXPECT_EQ(wish.containers.at("shop-web-pre_start-2").prepared_by,
            (Names{"shop-web-pre_start-0", "shop-web-1-pre_start-1", "shop-web-2-pre_start-1"}));
}

TEST(PreStart, AStepThatIsNoLongerAskedForIsRemoved) {
  const ObservedState world = come_true(desired(project({prepared_web()})));
  const auto changes = changes_for(project({service("web")}), world);
  EXPECT_EQ(changes.containers.at("shop-web-pre_start-0").verdict, Verdict::remove);
  EXPECT_EQ(changes.containers.at("shop-web-pre_start-0").because, "no such step");
}

TEST(PreStart, IsTheServiceButForWhatIsItsOwnAndForWhatIsReachedFromOutside) {
  spec::Service web = service("web");
  web.environment = {{"A", "1"}, {"B", "2"}};
  web.entrypoint = std::vector<std::string>{"/serve"};
  web.user = "www";
  web.ports.emplace_back().target = 80;
  web.networks["default"].aliases = {"shop"};
  web.networks["default"].ipv4_address = "10.0.0.9";
  web.healthcheck.emplace().test = {"CMD", "true"};
  web.restart.kind = spec::RestartPolicy::Kind::always;
  spec::Mount& mount = web.volumes.emplace_back();
  mount.target = "/data";
  web.pre_start = {step("migrate")};
  web.pre_start[0].image = "tools";
  web.pre_start[0].run.user = "root";
  web.pre_start[0].run.environment = {{"B", "3"}};
  ImageCatalog catalog = images();
  catalog["tools"] = {"sha256:2", {}};
  catalog["tools"].config.entrypoint = {"/entry"};
  const auto shop = project({web});
  const DesiredState state = desired_state(shop, {"web"}, catalog);
  const DesiredContainer& wish = state.containers.at("shop-web-pre_start-0");
  EXPECT_EQ(wish.image_id, "sha256:2");
  EXPECT_EQ(wish.mounts, state.containers.at("shop-web-1").mounts) << "anonymous volumes too";
  const Places places{{"/layers/2"},
                      [](const auto& volume, const auto&) { return "/volumes/" + volume; }};
  const auto config = lower(wish, "shop", std::string(64, 'a'), places);
  EXPECT_EQ(config.step, "pre_start-0");
  EXPECT_EQ(config.spec.process.arguments, (std::vector<std::string>{"/entry", "migrate"}));
  EXPECT_EQ(config.spec.process.user, "root");
  const auto& environment = config.spec.process.environment;
  EXPECT_NE(std::ranges::find(environment, "A=1"), environment.end());
  EXPECT_NE(std::ranges::find(environment, "B=3"), environment.end());
  EXPECT_TRUE(config.ports.empty());
  EXPECT_FALSE(config.health);
  EXPECT_EQ(config.restart.kind, supervisor::RestartKind::no);
  ASSERT_EQ(config.endpoints.size(), 1U);
  EXPECT_EQ(config.endpoints[0].aliases,
            (std::vector<std::string>{"shop-web-pre_start-0", "aaaaaaaaaaaa"}));
  EXPECT_FALSE(config.endpoints[0].address);
}

TEST(PreStart, AnotherImageUnderTheSameNameMakesTheServiceAnew) {
  spec::Service web = service("web");
  web.pre_start = {step("migrate")};
  web.pre_start[0].image = "tools";
  ImageCatalog catalog = images();
  catalog["tools"] = {"sha256:2", {}};
  const auto shop = project({web});
  const auto before = describe(desired_state(shop, {"web"}, catalog).containers.at("shop-web-1"));
  catalog["tools"].id = "sha256:3";
  EXPECT_NE(before, describe(desired_state(shop, {"web"}, catalog).containers.at("shop-web-1")));
}

}  // namespace
}  // namespace stack::orchestrator
