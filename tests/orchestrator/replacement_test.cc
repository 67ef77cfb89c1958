// SPDX-License-Identifier: Apache-2.0
// How containers take each other's places, and who restarts for it.
#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/execute.h"
#include "orchestrator/plan.h"
#include "orchestrator/replacement.h"
#include "world.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::Port range(std::uint16_t first, std::uint16_t last) {
  spec::Port ports = port(first);
  ports.published_last = last;
  return ports;
}

void publish(ObservedState& world, const std::string& container, std::uint16_t port) {
  world.containers.at(container).status.published = {{"0.0.0.0", port, "tcp", network::Ipv4{}, 80}};
}

Plan plan_of(const spec::Project& project, const ObservedState& world,
             Atomicity atomicity = Atomicity::each) {
  const DesiredState wish = desired(project);
  return plan_up(wish, world, all_changes(project, wish, world), atomicity);
}

std::map<std::string, Replacement> replacements(const spec::Project& project,
                                                const ObservedState& world) {
  const DesiredState wish = desired(project);
  return choose_replacements(wish, world, all_changes(project, wish, world));
}

ContainerChange change_of(const std::string& name, const spec::Project& project,
                          const ObservedState& world) {
  const DesiredState wish = desired(project);
  return all_changes(project, wish, world).containers.at(name);
}

spec::Project two_of_a_range() {
  auto shop = project({service("web")});
  shop.services["web"].scale = 2;
  shop.services["web"].ports = {range(8000, 8001)};
  return shop;
}

ObservedState two_running() {
  ObservedState world = come_true(desired(two_of_a_range()));
  publish(world, "shop-web-1", 8000);
  publish(world, "shop-web-2", 8001);
  return world;
}

TEST(Replacement, ReplicasOfOnePortRangeDoNotTakeTheirPortsFromEachOther) {
  auto shop = two_of_a_range();
  shop.services["web"].command = spec::Strings{"false"};
  for (const auto& [name, replacement] : replacements(shop, two_running())) {
    EXPECT_EQ(replacement.manner, Manner::stop_first) << name;
    EXPECT_TRUE(replacement.supplanted_by.empty()) << name;
  }
}

TEST(Replacement, ALimitOfReplicasOfOnePortRangeIsUpdatedInPlace) {
  auto shop = two_of_a_range();
  shop.services["web"].mem_limit = 64 << 20;
  EXPECT_EQ(change_of("shop-web-1", shop, two_running()).verdict, Verdict::update);
}

TEST(Replacement, ServicesOnDifferentAddressesOfTheHostDoNotMeet) {
  auto shop = project({service("a"), service("b")});
  for (const auto& name : {"a", "b"}) shop.services[name].ports = {port(8000)};
  shop.services["a"].ports[0].host_ip = "127.0.0.1";
  shop.services["b"].ports[0].host_ip = "127.0.0.2";
  ObservedState world = come_true(desired(shop));
  for (const auto& name : {"a", "b"}) {
    world.containers.at(fmt::format("shop-{}-1", name)).status.published = {
        {shop.services[name].ports[0].host_ip, 8000, "tcp", network::Ipv4{}, 80}};
    shop.services[name].mem_limit = 64 << 20;
  }
  EXPECT_EQ(change_of("shop-a-1", shop, world).verdict, Verdict::update);
}

struct Swap {
  Swap() {
    shop.services["a"].ports = {port(8000)};
    shop.services["b"].ports = {port(8001)};
    world = come_true(desired(shop));
    publish(world, "shop-a-1", 8000);
    publish(world, "shop-b-1", 8001);
    std::swap(shop.services["a"].ports, shop.services["b"].ports);
  }
  spec::Project shop = project({service("a"), service("b")});
  ObservedState world;
};

TEST(Replacement, TwoThatSwapTheirPortsAreBothKeptUntilBothHaveSettled) {
  const Swap swap;
  EXPECT_EQ("\n" + to_text(plan_of(swap.shop, swap.world)), R"(
#0 set aside container shop-a-1 (ports)
#1 set aside container shop-b-1 (ports)
#2 create container shop-a-1 (ports) after #0 #1
#3 create container shop-b-1 (ports) after #0 #1
#4 stop container 05846ddd87ff_shop-a-1 (ports) after #2
#5 stop container ea7e86dd7865_shop-b-1 (ports) after #3
#6 start container shop-a-1 (created) after #2 #4 #5
#7 await shop-a-1 settled (it takes another one's place) after #6
#8 start container shop-b-1 (created) after #3 #4 #5
#9 await shop-b-1 settled (it takes another one's place) after #8
#10 remove container 05846ddd87ff_shop-a-1 (its successor runs) after #2 #4 #7 #9
#11 remove container ea7e86dd7865_shop-b-1 (its successor runs) after #3 #5 #7 #9
#12 bring back container shop-a-1 (its successor failed) unless #2 #3 #4 #5 #6 #7 #8 #9
#13 bring back container shop-b-1 (its successor failed) unless #2 #3 #4 #5 #6 #7 #8 #9
#14 start container shop-a-1 (as before) after #12 #13 unless #2 #3 #4 #5 #6 #7 #8 #9
#15 start container shop-b-1 (as before) after #12 #13 unless #2 #3 #4 #5 #6 #7 #8 #9
)");
}

TEST(Replacement, TwoThatSwapTheirRangesWaitForEachOther) {
  auto shop = project({service("a"), service("b")});
  shop.services["a"].scale = shop.services["b"].scale = 2;
  shop.services["a"].ports = {range(8000, 8001)};
  shop.services["b"].ports = {range(8010, 8011)};
  ObservedState world = come_true(desired(shop));
  publish(world, "shop-a-1", 8000);
  publish(world, "shop-a-2", 8001);
  publish(world, "shop-b-1", 8010);
  publish(world, "shop-b-2", 8011);
  std::swap(shop.services["a"].ports, shop.services["b"].ports);
  const auto chosen = replacements(shop, world);
  ASSERT_EQ(chosen.size(), 4U);
  EXPECT_EQ(chosen.at("shop-a-1").supplanted_by, (std::set<std::string>{"shop-b-1", "shop-b-2"}));
  EXPECT_EQ(chosen.at("shop-b-2").supplanted_by, (std::set<std::string>{"shop-a-1", "shop-a-2"}));
}

TEST(Replacement, OfARangeWithRoomEnoughNobodyWaitsForAnother) {
  auto shop = project({service("a"), service("b")});
  shop.services["a"].ports = {range(8000, 8009)};
  shop.services["b"].ports = {port(9000)};
  ObservedState world = come_true(desired(shop));
  publish(world, "shop-a-1", 8000);
  publish(world, "shop-b-1", 9000);
  shop.services["a"].ports = {range(9000, 9009)};
  shop.services["b"].ports = {port(7000)};
  for (const auto& [name, replacement] : replacements(shop, world))
    EXPECT_TRUE(replacement.supplanted_by.empty()) << name;
}

/// Two services in networks of their own, of which that of "b" has a single address.
struct Tight {
  Tight() {
    shop.networks["tiny"].key = "tiny";
    shop.networks["tiny"].name = "shop_tiny";
    shop.networks["tiny"].ipam = {{"10.5.0.0/30", "", "", {}}};
    shop.services["b"].networks = {{"tiny", {}}};
    world = come_true(desired(shop));
    world.networks.at("shop_tiny").leases["shop-b-1"].v4 = network::parse_ipv4("10.5.0.2");
  }
  spec::Project shop = project({service("a"), service("b")});
  ObservedState world;
};

TEST(Replacement, WithoutAnAddressToSpareTheOldOneStopsFirst) {
  Tight tight;
  tight.shop.services["b"].command = spec::Strings{"false"};
  const auto chosen = replacements(tight.shop, tight.world);
  EXPECT_EQ(chosen.at("shop-b-1").manner, Manner::stop_first);
  tight.shop.networks["tiny"].ipam = {{"10.5.0.0/29", "", "", {}}};
  tight.world = come_true(desired(tight.shop));
  tight.shop.services["b"].environment["COLOUR"] = "red";
  EXPECT_EQ(replacements(tight.shop, tight.world).at("shop-b-1").manner, Manner::start_first);
}

TEST(Replacement, WhoJoinsAFullNetworkWaitsForWhoLeavesIt) {
  Tight tight;
  std::swap(tight.shop.services["a"].networks, tight.shop.services["b"].networks);
  const auto chosen = replacements(tight.shop, tight.world);
  EXPECT_EQ(chosen.at("shop-b-1").supplanted_by, std::set<std::string>{"shop-a-1"});
}

TEST(Replacement, AnAddressThatOneHadByChanceIsGivenUpForWhomItIsFixed) {
  auto shop = project({service("a")});
  shop.networks["default"].ipam = {{"10.5.0.0/24", "", "", {}}};
  ObservedState world = come_true(desired(shop));
  world.containers.at("shop-a-1").status.addresses["shop_default"].v4 =
      network::parse_ipv4("10.5.0.2");
  shop.services["a"].environment["COLOUR"] = "red";
  shop.services["z"] = service("z");
  shop.services["z"].networks["default"].ipv4_address = "10.5.0.2";
  EXPECT_EQ(replacements(shop, world).at("shop-a-1").supplanted_by,
            std::set<std::string>{"shop-z-1"});
}

std::map<std::string, std::string> running(const ObservedState& world) {
  std::map<std::string, std::string> found;
  for (const auto& [name, container] : world.containers)
    if (container.status.phase == supervisor::Phase::running)
      found[name] = container.config.applied;
  return found;
}

/// What runs when a step of that kind and container has failed.
ObservedState after_failure(const spec::Project& project, const ObservedState& world,
                            const std::string& step, Atomicity atomicity = Atomicity::each) {
  const DesiredState wish = desired(project);
  const Plan plan = plan_of(project, world, atomicity);
  World engine(wish, world);
  for (StepId id = 0; id < plan.steps.size(); ++id)
    if (to_text(plan.steps[id].action) == step && plan.steps[id].rescues.empty())
      engine.failing.insert(id);
  EXPECT_FALSE(engine.failing.empty()) << to_text(plan);
  Report silent;
  EXPECT_FALSE(execute(plan, engine, silent, [] { return false; }).succeeded());
  return engine.observe();
}

TEST(Replacement, WhenOneOfThoseThatSwapFailsBothComeBack) {
  const Swap swap;
  for (const auto* step : {"await shop-a-1 settled", "await shop-b-1 settled",
                           "start container shop-b-1", "create container shop-a-1"})
    EXPECT_EQ(running(after_failure(swap.shop, swap.world, step)), running(swap.world)) << step;
}

TEST(Replacement, ANewOneStepsBackFromAPortThatItsOldHolderNeedsAgain) {
  auto shop = project({service("a")});
  shop.services["a"].ports = {port(8000)};
  ObservedState world = come_true(desired(shop));
  publish(world, "shop-a-1", 8000);
  shop.services["a"].command = spec::Strings{"false"};
  shop.services["a"].ports = {};
  shop.services["c"] = service("c");
  shop.services["c"].ports = {port(8000)};
  EXPECT_EQ(running(after_failure(shop, world, "await shop-a-1 settled")), running(world));
}

spec::Project two_networks() {
  auto shop = project({service("a"), service("b")});
  shop.networks["n1"].key = "n1";
  shop.networks["n1"].name = "shop_n1";
  shop.networks["n2"].key = "n2";
  shop.networks["n2"].name = "shop_n2";
  shop.services["a"].networks = {{"n1", {}}};
  shop.services["b"].networks = {{"n2", {}}};
  return shop;
}

TEST(Replacement, OnlyWhatIsInANetworkThatIsMadeAnewStopsForIt) {
  auto shop = two_networks();
  const ObservedState world = come_true(desired(shop));
  shop.networks["n2"].internal = true;
  shop.services["a"].environment["X"] = "1";
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 set aside container shop-a-1 (environment.X)
#1 stop container shop-b-1 (network shop_n2 is replaced)
#2 remove network shop_n2 (changed) after #1
#3 create network shop_n2 (changed) after #2
#4 create container shop-a-1 (environment.X) after #0
#5 start container shop-a-1 (created) after #4
#6 await shop-a-1 settled (it takes another one's place) after #5
#7 start container shop-b-1 (network shop_n2 is replaced) after #1 #3
#8 stop container 05846ddd87ff_shop-a-1 (its successor runs) after #4 #6
#9 remove container 05846ddd87ff_shop-a-1 (its successor runs) after #8
#10 bring back container shop-a-1 (its successor failed) unless #4 #5 #6
#11 start container shop-a-1 (as before) after #10 unless #4 #5 #6
#12 start container shop-b-1 (as before) unless #1 #7
)");
}

TEST(Replacement, ANetworkThatWasMadeAnewComesBackWithEverything) {
  auto shop = two_networks();
  const ObservedState world = come_true(desired(shop));
  shop.networks["n2"].internal = true;
  shop.services["a"].environment["X"] = "1";
  shop.services["b"].depends_on["a"] = {};
  const ObservedState after = after_failure(shop, world, "await shop-a-1 settled", Atomicity::all);
  EXPECT_EQ(running(after), running(world));
  EXPECT_EQ(after.networks.at("shop_n2").config.applied,
            world.networks.at("shop_n2").config.applied);
}

TEST(Replacement, WhatIsInANetworkThatIsMadeAnewComesBackIntoTheNewOne) {
  auto shop = two_networks();
  const ObservedState world = come_true(desired(shop));
  shop.networks["n2"].internal = true;
  shop.services["b"].environment["X"] = "1";
  EXPECT_EQ(running(after_failure(shop, world, "await shop-b-1 settled")), running(world));
}

TEST(Replacement, ServicesThatAnUpIsNotAboutGoOnInANetworkThatIsMadeAnew) {
  auto shop = two_networks();
  shop.services["a"].networks = {{"n2", {}}};
  const ObservedState world = come_true(desired(shop));
  shop.networks["n2"].internal = true;
  const DesiredState wish = desired_state(shop, {"a"}, images());
  const Plan plan = plan_up(wish, world, all_changes(shop, wish, world));
  World engine(wish, world);
  Report silent;
  EXPECT_TRUE(execute(plan, engine, silent, [] { return false; }).succeeded()) << to_text(plan);
  EXPECT_EQ(running(engine.observe()), running(world));
}

TEST(Replacement, WhatIsScaledAwayStaysUntilAllHaveSettledWhenAllDependsOnIt) {
  auto shop = project({service("a"), service("b")});
  shop.services["b"].scale = 2;
  const ObservedState world = come_true(desired(shop));
  shop.services["b"].scale = 1;
  shop.services["a"].environment["X"] = "1";
  EXPECT_EQ(running(after_failure(shop, world, "await shop-a-1 settled", Atomicity::all)),
            running(world));
}

ObservedState failing_again_and_again(const spec::Project& shop) {
  ObservedState world = come_true(desired(shop));
  auto& status = world.containers.at("shop-a-1").status;
  status.phase = supervisor::Phase::restarting;
  status.process = {};
  status.restarts = 5;
  status.exit_code = 1;
  return world;
}

TEST(Replacement, OneOfAnotherNameTakesItsPlaceInTheSameWay) {
  auto shop = project({service("a")});
  const ObservedState world = come_true(desired(shop));
  shop.services["a"].container_name = "front";
  shop.services["a"].ports = {port(8000)};
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 set aside container shop-a-1 (container_name, ports)
#1 create container front (container_name, ports) after #0
#2 stop container 05846ddd87ff_shop-a-1 (front takes its place) after #1
#3 start container front (created) after #1 #2
#4 await front settled (it takes another one's place) after #3
#5 remove container 05846ddd87ff_shop-a-1 (its successor runs) after #1 #2 #4
#6 bring back container shop-a-1 (its successor failed) unless #1 #2 #3 #4
#7 start container shop-a-1 (as before) after #6 unless #1 #2 #3 #4
)");
}

TEST(Replacement, OneOfAnotherNameWhoseChangeIsTakenBackIsTheOneBeforeAgain) {
  auto shop = project({service("a")});
  ObservedState world = come_true(desired(shop));
  shop.services["a"].container_name = "front";
  shop.services["a"].ports = {port(8000)};
  const DesiredState wish = desired(shop);
  World engine(wish, world);
  Report silent;
  execute(plan_of(shop, world), engine, silent, [&] { return engine.performed.size() == 4; });
  world = engine.observe();
  ASSERT_EQ(world.containers.at("05846ddd87ff_shop-a-1").config.place, "front");
  shop.services["a"].container_name = "";
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 set aside container 05846ddd87ff_shop-a-1 (container_name, ports)
#1 create container shop-a-1 (container_name, ports) after #0
#2 stop container front (scaled down)
#3 remove container front (scaled down) after #2
#4 start container shop-a-1 (created) after #1
#5 await shop-a-1 settled (it takes another one's place) after #4
#6 remove container 05846ddd87ff_shop-a-1 (its successor runs) after #1 #5
#7 bring back container shop-a-1 (its successor failed) unless #1 #4 #5
#8 start container shop-a-1 (as before) after #7 unless #1 #4 #5
)");
}

TEST(Replacement, WhoIsKeptUntilAllHaveSettledOnlyHasToStop) {
  spec::Service web = service("web");
  web.scale = 3;
  ObservedState world = come_true(desired(project({web})));
  world.containers.erase("shop-web-1");
  web.scale = 2;
  EXPECT_EQ("\n" + to_text(plan_of(project({web}), world, Atomicity::all)), R"(
#0 create container shop-web-1 (absent)
#1 stop container shop-web-3 (scaled down)
#2 start container shop-web-1 (created) after #0 #1
#3 await shop-web-1 settled (all or nothing) after #2
#4 remove container shop-web-3 (scaled down) after #1 #3
#5 stop container shop-web-1 (all or nothing) unless #0 #1 #2 #3
#6 remove container shop-web-1 (all or nothing) after #5 unless #0 #1 #2 #3
#7 start container shop-web-3 (as before) unless #0 #1 #2 #3 following #6, bearing 1
)");
}

TEST(Replacement, WhoLeavesANetworkThatIsMadeAnewIsThereUntilAllHaveSettled) {
  auto shop = project({service("a")});
  shop.services["a"].scale = 2;
  const ObservedState world = come_true(desired(shop));
  shop.services["a"].scale = 1;
  shop.networks["default"].internal = true;
  EXPECT_EQ("\n" + to_text(plan_of(shop, world, Atomicity::all)), R"(
#0 stop container shop-a-1 (network shop_default is replaced)
#1 stop container shop-a-2 (scaled down)
#2 remove network shop_default (changed) after #0 #1
#3 create network shop_default (changed) after #2
#4 start container shop-a-1 (network shop_default is replaced) after #0 #3
#5 await shop-a-1 settled (all or nothing) after #4
#6 remove container shop-a-2 (scaled down) after #1 #5
#7 stop container shop-a-1 (all or nothing) unless #0 #1 #4 #5
#8 remove network shop_default (all or nothing) after #7 unless #0 #1 #4 #5
#9 create network shop_default (all or nothing) after #8 unless #0 #1 #4 #5
#10 start container shop-a-1 (as before) unless #0 #1 #4 #5 following #8 #9, bearing 2
#11 start container shop-a-2 (as before) unless #0 #1 #4 #5 following #8 #9, bearing 2
)");
}

TEST(Replacement, OneThatFailsAgainAndAgainHasNothingToGoOnWith) {
  auto shop = project({service("a")});
  shop.services["a"].restart.kind = spec::RestartPolicy::Kind::always;
  const ObservedState world = failing_again_and_again(shop);
  shop.services["a"].environment["X"] = "1";
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 set aside container shop-a-1 (environment.X)
#1 create container shop-a-1 (environment.X) after #0
#2 stop container 05846ddd87ff_shop-a-1 (environment.X) after #1
#3 start container shop-a-1 (created) after #1 #2
#4 remove container 05846ddd87ff_shop-a-1 (its successor runs) after #1 #2 #3
#5 bring back container shop-a-1 (its successor failed) unless #1 #2 #3
)");
}

TEST(Replacement, OneThatHasJustFailedAndRunsForAMomentHasNothingToGoOnWithEither) {
  auto shop = project({service("a")});
  ObservedState world = failing_again_and_again(shop);
  auto& status = world.containers.at("shop-a-1").status;
  status.phase = supervisor::Phase::running;
  status.process = {100, 1};
  status.started = world.seen;
  shop.services["a"].environment["X"] = "1";
  EXPECT_FALSE(replacements(shop, world).at("shop-a-1").was_running);
  world.seen += std::chrono::minutes(1);
  EXPECT_TRUE(replacements(shop, world).at("shop-a-1").was_running);
}

TEST(Replacement, OneThatWaitsForItsNextStartIsUpdatedInPlace) {
  auto shop = project({service("a")});
  shop.services["a"].restart.kind = spec::RestartPolicy::Kind::always;
  const ObservedState world = failing_again_and_again(shop);
  shop.services["a"].restart.kind = spec::RestartPolicy::Kind::no;
  shop.services["a"].labels["tier"] = "front";
  EXPECT_EQ(change_of("shop-a-1", shop, world).verdict, Verdict::update);
}

spec::Project guest_and_host() {
  auto shop = project({service("guest"), service("vpn")});
  shop.services["guest"].networks = {};
  shop.services["guest"].network_mode = "service:vpn";
  shop.services["guest"].depends_on["vpn"].restart = true;
  return shop;
}

TEST(Restarts, WhoIsInANamespaceThatEndedWithItsHostStartsAnew) {
  const auto shop = guest_and_host();
  ObservedState world = come_true(desired(shop));
  auto& guest = world.containers.at("shop-guest-1").status;
  guest.hosts["shop-vpn-1"] = world.containers.at("shop-vpn-1").status.process;
  EXPECT_EQ(change_of("shop-guest-1", shop, world).verdict, Verdict::keep);
  guest.hosts["shop-vpn-1"] = {99, 1};
  const ContainerChange change = change_of("shop-guest-1", shop, world);
  EXPECT_EQ(change.verdict, Verdict::restart);
  EXPECT_EQ(change.because, "shop-vpn-1 was started anew");
}

TEST(Restarts, WhoSharesANamespaceStartsAnewWithItsHost) {
  const auto shop = guest_and_host();
  ObservedState world = come_true(desired(shop));
  world.containers["shop-vpn-1"] = exited(world.containers["shop-vpn-1"], 137);
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 stop container shop-guest-1 (shop-vpn-1 begins anew)
#1 start container shop-vpn-1 (exited (137))
#2 start container shop-guest-1 (shop-vpn-1 begins anew) after #0 #1
#3 start container shop-guest-1 (as before) unless #0 #2
)");
}

spec::Project checked_database() {
  spec::Service db = service("db");
  db.healthcheck.emplace().test = {"CMD", "false"};
  spec::Service web = service("web");
  web.depends_on["db"].condition = spec::Condition::service_healthy;
  return project({db, web});
}

ObservedState unhealthy_database() {
  ObservedState world = come_true(desired(checked_database()));
  world.containers.at("shop-db-1").status.health = supervisor::Health::unhealthy;
  auto& web = world.containers.at("shop-web-1");
  web = exited(web, 0);
  web.status.phase = supervisor::Phase::created;
  return world;
}

TEST(Plan, AnotherHealthCheckIsThereBeforeAnybodyWaitsForIt) {
  auto shop = checked_database();
  const ObservedState world = unhealthy_database();
  shop.services["db"].healthcheck->test = {"CMD", "true"};
  EXPECT_EQ("\n" + to_text(plan_of(shop, world)), R"(
#0 update container shop-db-1 (healthcheck.test)
#1 await shop-db-1 healthy (web depends on it) after #0
#2 start container shop-web-1 (created) after #1
)");
}

TEST(Plan, AnotherHealthCheckIsTakenBackWhenAllDependsOnIt) {
  auto shop = checked_database();
  const ObservedState world = unhealthy_database();
  shop.services["db"].healthcheck->test = {"CMD", "true"};
  const ObservedState after =
      after_failure(shop, world, "start container shop-web-1", Atomicity::all);
  EXPECT_EQ(after.containers.at("shop-db-1").config.applied,
            world.containers.at("shop-db-1").config.applied);
}

}  // namespace
}  // namespace stack::orchestrator
