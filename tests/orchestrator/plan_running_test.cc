// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>

#include "builders.h"
#include "orchestrator/plan.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using supervisor::Phase;

/// db, and web that depends on it; both run.
ObservedState shop() {
  spec::Service web = service("web");
  web.depends_on["db"].restart = true;
  return come_true(desired(project({service("db"), web})));
}

RestartRequest restart_of(std::set<std::string> services, spec::Condition condition) {
  RestartRequest request{std::move(services), std::nullopt, {}};
  request.links["web"]["db"].condition = condition;
  return request;
}

TEST(PlanRunning, ASignalGoesToWhatRuns) {
  ObservedState world = shop();
  world.containers["shop-db-1"] = exited(world.containers["shop-db-1"], 0);
  EXPECT_EQ(to_text(plan_kill(world, {}, SIGHUP)),
            "#0 send SIGHUP to container shop-web-1 (asked for)\n");
  EXPECT_TRUE(plan_kill(world, {"db"}, SIGHUP).empty());
}

TEST(PlanRunning, OnlyWhatRunsIsPausedAndOnlyWhatIsPausedUnpaused) {
  ObservedState world = shop();
  world.containers["shop-db-1"].status.phase = Phase::paused;
  EXPECT_EQ(to_text(plan_pause(world, {})), "#0 pause container shop-web-1 (asked for)\n");
  EXPECT_EQ(to_text(plan_unpause(world, {})), "#0 unpause container shop-db-1 (asked for)\n");
}

TEST(PlanRunning, WhoIsInAPhaseIsToldByName) {
  ObservedState world = shop();
  world.containers["shop-db-1"].status.phase = Phase::paused;
  EXPECT_EQ(in_phase(world, {}, Phase::paused), std::vector<std::string>{"shop-db-1"});
  EXPECT_TRUE(in_phase(world, {"web"}, Phase::paused).empty());
}

TEST(PlanRunning, AStartWithoutAFileKnowsDependenciesByTheirContainers) {
  spec::Service web = service("web");
  web.depends_on["db"] = {};
  web.scale = 2;
  ObservedState world = come_true(desired(project({service("db"), web, service("other")})));
  for (auto& [name, container] : world.containers) container = exited(container, 0);
  EXPECT_EQ("\n" + to_text(plan_start_made(world, {"web"})), R"(
#0 start container shop-db-1 (asked for)
#1 start container shop-web-1 (asked for) after #0
#2 start container shop-web-2 (asked for) after #0
)");
  EXPECT_EQ(plan_start_made(world, {}).steps.size(), 4U);
}

TEST(PlanRunning, APausedContainerIsKilledAndIsNoReasonForUp) {
  ObservedState world = shop();
  world.containers["shop-db-1"].status.phase = Phase::paused;
  EXPECT_EQ(plan_kill(world, {"db"}, SIGKILL).steps.size(), 1U);
  spec::Service web = service("web");
  web.depends_on["db"].restart = true;
  const DesiredState wish = desired(project({service("db"), web}));
  EXPECT_TRUE(plan_up(wish, world, diff(wish, world, {"db", "web"})).empty());
}

TEST(PlanRunning, WhoIsRestartedWithADependencyComesAfterIt) {
  EXPECT_EQ(
      "\n" + to_text(plan_restart(shop(), restart_of({"db"}, spec::Condition::service_started))),
      R"(
#0 stop container shop-db-1 (asked for)
#1 start container shop-db-1 (asked for) after #0
#2 stop container shop-web-1 (depends on what is restarted) after #1
#3 start container shop-web-1 (depends on what is restarted) after #2
)");
}

TEST(PlanRunning, ADependencyThatMustBeHealthyIsAwaited) {
  EXPECT_EQ("\n" + to_text(plan_restart(shop(), restart_of({}, spec::Condition::service_healthy))),
            R"(
#0 stop container shop-db-1 (asked for)
#1 start container shop-db-1 (asked for) after #0
#2 await shop-db-1 healthy (web depends on it) after #1
#3 stop container shop-web-1 (asked for) after #2
#4 start container shop-web-1 (asked for) after #3
)");
}

TEST(PlanRunning, WithoutLinksContainersAreRestartedSideBySide) {
  ObservedState world = shop();
  world.containers["shop-db-1"] = exited(world.containers["shop-db-1"], 1);
  EXPECT_EQ("\n" + to_text(plan_restart(world, {})), R"(
#0 start container shop-db-1 (asked for)
#1 stop container shop-web-1 (asked for)
#2 start container shop-web-1 (asked for) after #1
)");
}

}  // namespace
}  // namespace stack::orchestrator
