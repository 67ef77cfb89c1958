// SPDX-License-Identifier: Apache-2.0
// `run`, `create` and `rm`: what is planned.
#include "orchestrator/one_off.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/lower.h"
#include "orchestrator/plan.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using supervisor::Phase;

constexpr const char* slug = "0123456789ab";
constexpr const char* run_name = "shop-web-run-0123456789ab";

/// web, which everything about a container of a service can be seen of.
spec::Service whole_web() {
  spec::Service web = service("web");
  web.depends_on["db"] = {};
  web.container_name = "the-web";
  web.mac_address = "02:00:00:00:00:01";
  web.ports = {port(8080)};
  web.restart.kind = spec::RestartPolicy::Kind::always;
  web.deploy_restart = web.restart;
  web.networks["default"].aliases = {"www"};
  web.networks["default"].ipv4_address = "10.0.0.9";
  web.pre_start.emplace_back();
  web.scale = 3;
  return web;
}

RunRequest run_of_web() {
  RunRequest request;
  request.service = "web";
  return request;
}

/// With a one-off of web, and what that depends on.
DesiredState wish(const spec::Project& project, const std::string& its_slug = slug,
                  bool use_aliases = false) {
  OneOff one_off;
  one_off.service = "web";
  one_off.slug = its_slug;
  one_off.use_aliases = use_aliases;
  DesiredState state = desired_state(project, {"db"}, images());
  add_one_off(state, project, one_off, images());
  return state;
}

DesiredState wish_of_web() {
  return wish(project_to_run(project({service("db"), whole_web()}), run_of_web()));
}

Plan plan_of(const DesiredState& state, const ObservedState& observed) {
  return plan_up(state, observed, diff(state, observed, {"db", "web"}));
}

/// The world with db and web, and a one-off of web that runs.
ObservedState shop_with_a_run() {
  spec::Service web = service("web");
  web.depends_on["db"] = {};
  const spec::Project shop = project({service("db"), web});
  ObservedState world = come_true(desired(shop));
  world.containers[run_name] = observed(wish(shop).containers.at(run_name));
  return world;
}

TEST(OneOff, NothingOfItIsAnotherContainers) {
  const spec::Service web =
      project_to_run(project({service("db"), whole_web()}), run_of_web()).services.at("web");
  EXPECT_EQ(web.container_name, "");
  EXPECT_EQ(web.mac_address, "");
  EXPECT_TRUE(web.ports.empty());
  EXPECT_EQ(web.networks.at("default"), spec::NetworkAttachment{});
  EXPECT_TRUE(web.pre_start.empty());
  EXPECT_EQ(web.scale, 1);
}

TEST(OneOff, IsNeverRestarted) {
  const spec::Service web =
      project_to_run(project({service("db"), whole_web()}), run_of_web()).services.at("web");
  EXPECT_EQ(web.restart, spec::RestartPolicy{});
  EXPECT_FALSE(web.deploy_restart);
}

TEST(OneOff, PortsAndAliasesWhenAsked) {
  RunRequest request = run_of_web();
  request.service_ports = request.use_aliases = true;
  request.ports = {port(9090)};
  const spec::Service web =
      project_to_run(project({service("db"), whole_web()}), request).services.at("web");
  EXPECT_EQ(web.ports, (std::vector{port(8080), port(9090)}));
  EXPECT_EQ(web.networks.at("default").aliases, spec::Strings{"www"});
}

TEST(OneOff, AnEntrypointDoesAwayWithTheCommand) {
  RunRequest request = run_of_web();
  request.entrypoint = spec::Strings{"sh"};
  EXPECT_EQ(project_to_run(project({service("web")}), request).services.at("web").command,
            spec::Strings{});
  request.command = spec::Strings{"-c", "true"};
  EXPECT_EQ(project_to_run(project({service("web")}), request).services.at("web").command,
            (spec::Strings{"-c", "true"}));
}

TEST(OneOff, AVolumeTakesThePlaceOfTheServices) {
  spec::Service web = service("web");
  spec::Mount data;
  data.source = "data";
  data.target = "/data";
  web.volumes = {data};
  RunRequest request = run_of_web();
  data.source = "other";
  request.volumes = {data};
  const spec::Project changed = project_to_run(project({web}), request);
  ASSERT_EQ(changed.services.at("web").volumes.size(), 1U);
  EXPECT_EQ(changed.services.at("web").volumes.front().source, "other");
  EXPECT_EQ(changed.volumes.at("other").name, "other");
}

TEST(OneOff, CapabilitiesThatAreGivenWinOverTheFile) {
  spec::Service web = service("web");
  web.cap_add = {"NET_ADMIN"};
  web.cap_drop = {"CHOWN"};
  RunRequest request = run_of_web();
  request.cap_add = {"CHOWN"};
  request.cap_drop = {"NET_ADMIN"};
  const spec::Service changed = project_to_run(project({web}), request).services.at("web");
  EXPECT_EQ(changed.cap_add, spec::Strings{"CHOWN"});
  EXPECT_EQ(changed.cap_drop, spec::Strings{"NET_ADMIN"});
}

TEST(OneOff, WhatItDependsOnIsStartedBeforeIt) {
  EXPECT_EQ("\n" + to_text(plan_of(wish_of_web(), {})), R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 start container shop-db-1 (created) after #1
#3 create container shop-web-run-0123456789ab (absent) after #0 #2
#4 start container shop-web-run-0123456789ab (created) after #2 #3
)");
}

TEST(OneOff, HasTheNamesOfItsServiceOnlyWhenAsked) {
  const Places places{{"/layers/1"}, [](const auto& volume, const auto&) { return volume; }};
  const auto config = lower(wish_of_web().containers.at(run_name), "shop", "c0ffee", places);
  EXPECT_EQ(config.endpoints.front().aliases, (spec::Strings{run_name, "c0ffee"}));
  EXPECT_TRUE(supervisor::is_one_off(config));
  const auto found =
      lower(wish(project({service("db"), service("web")}), slug, true).containers.at(run_name),
            "shop", "c0ffee", places);
  EXPECT_EQ(found.endpoints.front().aliases.front(), "web");
}

TEST(OneOff, ItsAnonymousVolumesAreItsOwn) {
  spec::Service web = service("web");
  web.volumes.emplace_back().target = "/data";
  const spec::Project shop = project({service("db"), web});
  const auto first = wish(shop).volumes;
  const auto second = wish(shop, "ba9876543210").volumes;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_NE(first.begin()->first, second.begin()->first);
  EXPECT_EQ(first.begin()->second.labels.at("stack.container"), run_name);
}

TEST(OneOff, UpLeavesOneThatRunsAlone) {
  ObservedState world = shop_with_a_run();
  spec::Service web = service("web");
  web.depends_on["db"] = {};
  const DesiredState shop = desired(project({service("db"), web}));
  EXPECT_TRUE(plan_of(shop, world).empty());
  EXPECT_TRUE(plan_of(shop, world).orphans.empty());
  world.containers[run_name] = exited(world.containers[run_name], 0);
  EXPECT_EQ(plan_of(shop, world).orphans, std::vector<std::string>{run_name});
}

TEST(OneOff, StopAndItsLikesAreForTheServicesContainers) {
  const ObservedState world = shop_with_a_run();
  for (const Plan& plan : {plan_stop(world, {}, std::nullopt), plan_kill(world, {}, 1),
                           plan_pause(world, {}), plan_restart(world, {})})
    EXPECT_EQ(to_text(plan).find("run-"), std::string::npos) << to_text(plan);
}

TEST(OneOff, ItIsMadeWhenWhatItNeedsIsAsItShouldBe) {
  spec::Service web = service("web");
  web.depends_on["db"].condition = spec::Condition::service_healthy;
  spec::Service db = service("db");
  const spec::Project shop = project({db, web});
  EXPECT_EQ("\n" + to_text(plan_of(wish(shop), {})), R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 start container shop-db-1 (created) after #1
#3 await shop-db-1 healthy (web depends on it) after #2
#4 create container shop-web-run-0123456789ab (absent) after #0 #3
#5 start container shop-web-run-0123456789ab (created) after #3 #4
)");
}

TEST(OneOff, GoesWithANetworkThatIsMadeAnewAndThePlanSaysSo) {
  const ObservedState world = shop_with_a_run();
  auto shop = project({service("db"), service("web")});
  shop.networks["default"].internal = true;
  const ContainerChange run = all_changes(shop, desired(shop), world).containers.at(run_name);
  EXPECT_EQ(run.verdict, Verdict::remove);
  EXPECT_EQ(run.because, "network shop_default is replaced");
}

TEST(OneOff, KillTakesItWhereItIsAloneOfItsService) {
  ObservedState world = shop_with_a_run();
  EXPECT_EQ(to_text(plan_kill(world, {"web"}, 1)).find("run-"), std::string::npos);
  world.containers.erase("shop-web-1");
  EXPECT_NE(to_text(plan_kill(world, {"web"}, 1)).find("run-"), std::string::npos);
}

TEST(OneOff, DownLeavesItUnlessAsked) {
  const ObservedState world = shop_with_a_run();
  DownPolicy policy;
  policy.project = "shop";
  policy.known_services = {"db", "web"};
  const Plan left = plan_down(world, policy);
  EXPECT_EQ(left.orphans, std::vector<std::string>{run_name});
  EXPECT_EQ(left.networks_in_use, std::vector<std::string>{"shop_default"});
  policy.orphans = Orphans::remove;
  EXPECT_NE(to_text(plan_down(world, policy)).find("remove container shop-web-run"),
            std::string::npos);
}

TEST(Create, NothingIsStartedAndNothingWaitedFor) {
  spec::Service web = service("web");
  web.depends_on["db"].condition = spec::Condition::service_healthy;
  const DesiredState state = desired(project({service("db"), web}));
  EXPECT_EQ("\n" + to_text(without_starts(plan_of(state, {}), [](const auto&) { return true; })),
            R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 create container shop-web-1 (absent) after #0
)");
}

TEST(Create, OneContainerAloneCanBeLeftUnstarted) {
  const auto is_run = [](const std::string& name) { return name == run_name; };
  EXPECT_EQ("\n" + to_text(without_starts(plan_of(wish_of_web(), {}), is_run)), R"(
#0 create network shop_default (absent)
#1 create container shop-db-1 (absent) after #0
#2 start container shop-db-1 (created) after #1
#3 create container shop-web-run-0123456789ab (absent) after #0 #2
)");
}

/// db, stopped, and web, which runs; db has an anonymous volume and a named one.
ObservedState half_stopped_shop() {
  spec::Service db = service("db");
  db.volumes.resize(2);
  db.volumes[0].target = "/var";
  db.volumes[1].source = "data";
  db.volumes[1].target = "/data";
  spec::Service web = service("web");
  web.depends_on["db"] = {};
  ObservedState world = come_true(desired(project({db, web})));
  world.containers["shop-db-1"] = exited(world.containers["shop-db-1"], 0);
  return world;
}

RemoveRequest removing(std::set<std::string> names) {
  RemoveRequest request;
  request.containers = std::move(names);
  return request;
}

RemoveRequest stopping(std::set<std::string> names) {
  RemoveRequest request = removing(std::move(names));
  request.stops = true;
  return request;
}

TEST(Remove, WhatRunsIsLeftAlone) {
  EXPECT_EQ(
      to_text(plan_remove(half_stopped_shop(), removing({"shop-db-1", "shop-web-1", "gone"}))),
      "#0 remove container shop-db-1 (asked for)\n");
}

TEST(Remove, WhatRunsIsStoppedFirstWhenAsked) {
  EXPECT_EQ("\n" + to_text(plan_remove(half_stopped_shop(), stopping({"shop-db-1", "shop-web-1"}))),
            R"(
#0 stop container shop-web-1 (asked for)
#1 remove container shop-db-1 (asked for)
#2 remove container shop-web-1 (asked for) after #0
)");
}

TEST(Remove, AnonymousVolumesThatNobodyElseHasGoWhenAsked) {
  const ObservedState world = half_stopped_shop();
  const std::string anonymous = anonymous_volume_name("shop", "db", 1, "/var");
  RemoveRequest request;
  request.containers = {"shop-db-1"};
  request.volumes = true;
  request.volume_users = {{anonymous, {"shop-db-1"}}, {"shop_data", {"shop-db-1"}}};
  EXPECT_EQ(plan_remove(world, request).steps.size(), 2U);
  request.volume_users[anonymous].push_back("blog-web-1");
  EXPECT_EQ(plan_remove(world, request).steps.size(), 1U);
}

TEST(Remove, VolumesOfAnotherServiceStay) {
  const ObservedState world = half_stopped_shop();
  RemoveRequest request = stopping({"shop-web-1"});
  request.volumes = true;
  request.volume_users = {{anonymous_volume_name("shop", "db", 1, "/var"), {"shop-web-1"}}};
  EXPECT_EQ(to_text(plan_remove(world, request)).find("remove volume"), std::string::npos)
      << "the last one that has it, by volumes_from";
  request.containers.insert("shop-db-1");
  EXPECT_NE(to_text(plan_remove(world, request)).find("remove volume"), std::string::npos);
}

}  // namespace
}  // namespace stack::orchestrator
