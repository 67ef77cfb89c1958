// SPDX-License-Identifier: Apache-2.0
// Which jobs run once more, and what starts with the machine.
#include "orchestrator/reruns.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/use_cases.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using std::chrono::seconds;

/// db, then migrate, then seed; report depends on nobody.
spec::Project jobs() {
  spec::Service migrate = service("migrate");
  migrate.depends_on["db"] = {};
  spec::Service seed = service("seed");
  seed.depends_on["migrate"].condition = spec::Condition::service_completed_successfully;
  return project({service("db"), migrate, seed, service("report")});
}

/// All jobs have completed, after the database was made, in their order.
ObservedState after_jobs(const spec::Project& shop) {
  ObservedState world = come_true(desired(shop));
  int second = 10;
  for (const char* name : {"shop-migrate-1", "shop-seed-1", "shop-report-1"}) {
    auto& container = world.containers.at(name);
    container = exited(container, 0);
    container.status.created = {};
    container.status.started = std::chrono::system_clock::time_point(seconds(++second));
  }
  world.containers.at("shop-db-1").status.created =
      std::chrono::system_clock::time_point(seconds(1));
  return world;
}

/// Verdicts that are not keep, as text.
std::string changes_of(const spec::Project& shop, const ObservedState& world,
                       Reruns reruns = Reruns::when_needed) {
  const DesiredState wish = desired(shop);
  Changes changes = diff(wish, world, {"db", "migrate", "seed", "report"});
  add_reruns(wish, world, reruns, changes);
  std::string text;
  for (const auto& [name, change] : changes.containers)
    if (change.verdict != Verdict::keep)
      text += fmt::format("{} {}: {}\n", verb_of(change.verdict), name, change.because);
  return text;
}

TEST(Reruns, NoneWhenNothingIsNew) {
  EXPECT_EQ(changes_of(jobs(), after_jobs(jobs())), "");
}

TEST(Reruns, OfJobsWhoseDependencyIsReplacedAndOfThoseAfterThem) {
  auto shop = jobs();
  const ObservedState world = after_jobs(shop);
  shop.services["db"].environment["TUNE"] = "1";
  EXPECT_EQ(changes_of(shop, world),
            "recreate shop-db-1: environment.TUNE\n"
            "start shop-migrate-1: db is new\n"
            "start shop-seed-1: migrate is new\n");
}

TEST(Reruns, OfJobsThatRanBeforeTheirDependencyWasMade) {
  ObservedState world = after_jobs(jobs());
  world.containers.at("shop-db-1").status.created =
      std::chrono::system_clock::time_point(seconds(100));
  EXPECT_EQ(changes_of(jobs(), world),
            "start shop-migrate-1: db is new\nstart shop-seed-1: migrate is new\n");
}

TEST(Reruns, NotBecauseOfFurtherReplicas) {
  auto shop = jobs();
  const ObservedState world = after_jobs(shop);
  shop.services["db"].scale = 2;
  EXPECT_EQ(changes_of(shop, world), "create shop-db-2: absent\n");
}

TEST(Reruns, OfAllJobsWhenAskedFor) {
  EXPECT_EQ(changes_of(jobs(), after_jobs(jobs()), Reruns::always),
            "start shop-migrate-1: --rerun\nstart shop-report-1: --rerun\n"
            "start shop-seed-1: --rerun\n");
}

/// Or `up` would end, and well, before anybody knows whether the job does.
TEST(Reruns, AreWaitedForByDependentsThatRunAlready) {
  spec::Project shop = jobs();
  shop.services["web"] = service("web");
  shop.services["web"].depends_on["seed"].condition =
      spec::Condition::service_completed_successfully;
  const ObservedState world = after_jobs(shop);
  const DesiredState wish = desired(shop);
  Changes changes = diff(wish, world, {"db", "migrate", "seed", "report", "web"});
  add_reruns(wish, world, Reruns::always, changes);
  EXPECT_EQ("\n" + to_text(plan_up(wish, world, changes)), R"(
#0 start container shop-migrate-1 (--rerun)
#1 start container shop-report-1 (--rerun)
#2 await shop-migrate-1 completed (seed depends on it) after #0
#3 start container shop-seed-1 (--rerun) after #2
#4 await shop-seed-1 completed (web depends on it) after #3
)");
}

ObservedState ended(supervisor::RestartKind kind, bool by_user) {
  ObservedState world = come_true(desired(project({service("web")})));
  auto& web = world.containers.at("shop-web-1");
  web = exited(web, 137);
  web.config.restart.kind = kind;
  web.status.stopped_by_user = by_user;
  return world;
}

TEST(Boot, StartsByTheRestartPolicy) {
  using supervisor::RestartKind;
  const std::set<std::string> web{"web"};
  const std::set<std::string> nothing;
  EXPECT_EQ(services_to_boot(ended(RestartKind::always, false)), web);
  EXPECT_EQ(services_to_boot(ended(RestartKind::always, true)), web);
  EXPECT_EQ(services_to_boot(ended(RestartKind::unless_stopped, false)), web);
  EXPECT_EQ(services_to_boot(ended(RestartKind::unless_stopped, true)), nothing);
  EXPECT_EQ(services_to_boot(ended(RestartKind::on_failure, false)), nothing);
  EXPECT_EQ(services_to_boot(ended(RestartKind::no, false)), nothing);
  EXPECT_EQ(services_to_boot(come_true(desired(project({service("web")})))), nothing);
}

}  // namespace
}  // namespace stack::orchestrator
