// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/diff.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/lower.h"
#include "orchestrator/restarts.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

std::string texts(const std::vector<FieldChange>& changes) {
  std::string text;
  for (const auto& change : changes) text += to_text(change) + "\n";
  return text;
}

std::string changes_of(const spec::Service& before, const spec::Service& after,
                       const spec::SourceMap& sources = {}) {
  const ObservedState world = come_true(desired(project({before})));
  auto shop = project({after});
  shop.sources = sources;
  const DesiredState wish = desired(shop);
  return texts(diff(wish, world, {before.name}).containers.at("shop-web-1").fields);
}

TEST(Diff, NamesTheVariableOldAndNewValueAndTheLine) {
  spec::Service before = service("web");
  before.environment["DEBUG"] = "0";
  spec::Service after = before;
  after.environment["DEBUG"] = "1";
  spec::SourceMap sources;
  sources.set("services.web.environment.DEBUG", {"stack.yaml", 7, 14});
  EXPECT_EQ(changes_of(before, after, sources),
            "environment.DEBUG: \"0\" -> \"1\" (stack.yaml:7:14)\n");
}

TEST(Diff, TellsAddedAndRemovedFieldsApart) {
  spec::Service before = service("web");
  before.user = "1000";
  spec::Service after = service("web");
  after.environment["NEW"] = "x";
  EXPECT_EQ(changes_of(before, after), "environment.NEW: set to \"x\"\nuser: \"1000\" removed\n");
}

TEST(Diff, ListsAreOneField) {
  spec::Service before = service("web");
  spec::Service after = service("web");
  after.command = std::vector<std::string>{"sleep", "1"};
  EXPECT_EQ(changes_of(before, after), "command: [\"sleep\",\"1000\"] -> [\"sleep\",\"1\"]\n");
}

TEST(Diff, OfALongListItsElementsAre) {
  spec::Service before = service("web");
  before.command =
      std::vector<std::string>{"postgres", "-c", "ssl=off", "-c", "log_statement=none"};
  spec::Service after = before;
  after.command->back() = "log_statement=ddl";
  spec::SourceMap sources;
  sources.set("services.web.command.4", {"stack.yaml", 9, 7});
  EXPECT_EQ(changes_of(before, after, sources),
            "command[4]: \"log_statement=none\" -> \"log_statement=ddl\" (stack.yaml:9:7)\n");
}

TEST(Diff, WhatAContainerOnlyWaitsForDoesNotMakeItDiffer) {
  spec::Service before = service("web");
  spec::Service after = service("web");
  after.depends_on["web2"] = {};
  const ObservedState world = come_true(desired(project({before})));
  const DesiredState wish = desired(project({after, service("web2")}));
  EXPECT_EQ(diff(wish, world, {"web", "web2"}).containers.at("shop-web-1").verdict, Verdict::keep);
}

TEST(Diff, AContainerOfAnotherServiceIsMadeAnewUnderItsName) {
  spec::Service before = service("web");
  before.container_name = "shop";
  spec::Service after = before;
  after.name = "app";
  const ObservedState world = come_true(desired(project({before})));
  const auto change = diff(desired(project({after})), world, {"app"}).containers.at("shop");
  EXPECT_EQ(change.verdict, Verdict::recreate);
  EXPECT_EQ(change.because, "it was service web's");
}

spec::Service named(const std::string& name) {
  spec::Service web = service("web");
  web.container_name = name;
  return web;
}

TEST(Diff, AnotherNameIsARecreationOfTheOneThatHadTheOld) {
  const ObservedState world = come_true(desired(project({service("web")})));
  const auto changes = diff(desired(project({named("front")})), world, {"web"}).containers;
  const ContainerChange& change = changes.at("front");
  EXPECT_EQ(change.verdict, Verdict::recreate);
  EXPECT_EQ(change.predecessor, "shop-web-1");
  ASSERT_EQ(change.fields.size(), 1U);
  EXPECT_EQ(to_text(change.fields[0]), R"(container_name: "shop-web-1" -> "front")");
  EXPECT_EQ(changes.at("shop-web-1").verdict, Verdict::gives_way);
}

TEST(Diff, WithoutANameOfItsOwnItIsTheFirstReplicaAgain) {
  const ObservedState world = come_true(desired(project({named("front")})));
  spec::Service web = service("web");
  web.scale = 2;
  const auto changes = diff(desired(project({web})), world, {"web"}).containers;
  EXPECT_EQ(changes.at("shop-web-1").predecessor, "front");
  EXPECT_EQ(changes.at("shop-web-2").verdict, Verdict::create);
}

TEST(Diff, ANameThatAnotherServiceGetsIsNoPredecessor) {
  spec::Service app = service("app");
  app.container_name = "shop-web-1";
  const ObservedState world = come_true(desired(project({service("web")})));
  const auto changes =
      diff(desired(project({named("front"), app})), world, {"app", "web"}).containers;
  EXPECT_EQ(changes.at("front").verdict, Verdict::create);
  EXPECT_EQ(changes.at("shop-web-1").because, "it was service web's");
}

TEST(Diff, WhatIsBeingStoppedIsToBeStartedAgain) {
  const auto shop = project({service("web")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-web-1"].status.stopped_by_user = true;
  const auto change = diff(desired(shop), world, {"web"}).containers.at("shop-web-1");
  EXPECT_EQ(change.verdict, Verdict::start);
  EXPECT_EQ(change.because, "being stopped");
}

TEST(Diff, ANewImageUnderTheSameNameReplacesTheContainer) {
  const auto shop = project({service("web")});
  const ObservedState world = come_true(desired(shop));
  ImageCatalog catalog = images();
  catalog["busybox"].id = "sha256:2";
  const DesiredState wish = desired_state(shop, {"web"}, catalog);
  const auto change = diff(wish, world, {"web"}).containers.at("shop-web-1");
  EXPECT_EQ(change.verdict, Verdict::recreate);
  EXPECT_EQ(texts(change.fields), "image_id: \"sha256:1\" -> \"sha256:2\"\n");
}

TEST(Diff, ANewImageUnderTheNameOfAMountedOneReplacesTheContainer) {
  spec::Service web = service("web");
  spec::Mount& mount = web.volumes.emplace_back();
  mount.type = spec::MountType::image;
  mount.source = "tool";
  mount.target = "/opt";
  const auto shop = project({web});
  ImageCatalog catalog = images();
  catalog["tool"].id = "sha256:1";
  const ObservedState world = come_true(desired_state(shop, {"web"}, catalog));
  catalog["tool"].id = "sha256:2";
  const auto change =
      diff(desired_state(shop, {"web"}, catalog), world, {"web"}).containers.at("shop-web-1");
  EXPECT_EQ(change.verdict, Verdict::recreate);
  EXPECT_EQ(texts(change.fields),
            "volumes: [\"image tool:/opt sha256:1\"] -> [\"image tool:/opt sha256:2\"]\n");
}

TEST(Diff, ADamagedDescriptionCountsAsDifferentFromEverything) {
  const auto shop = project({service("web")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-web-1"].config.applied = "{";
  EXPECT_EQ(diff(desired(shop), world, {"web"}).containers.at("shop-web-1").verdict,
            Verdict::recreate);
}

TEST(Diff, ANetworkThatItWasTakenOutOfIsMissed) {
  const auto shop = project({service("web")});
  ObservedState world = come_true(desired(shop));
  world.containers["shop-web-1"].config.endpoints.clear();
  const auto change = diff(desired(shop), world, {"web"}).containers.at("shop-web-1");
  EXPECT_EQ(change.verdict, Verdict::recreate);
  EXPECT_EQ(texts(change.fields), "networks.default: \"disconnected\" -> \"connected\"\n");
}

/// A hash of a short one can be found by trying.
TEST(Diff, TextsOfSecretsAreNotToldNotEvenByTheirHash) {
  const auto with_text = [](const std::string& text) {
    spec::Service web = service("web");
    web.secrets.emplace_back();
    web.secrets.back().source = "key";
    auto shop = project({web});
    shop.secrets["key"].content = text;
    return desired(shop);
  };
  const auto change = diff(with_text("hunter3"), come_true(with_text("hunter2")), {"web"})
                          .containers.at("shop-web-1");
  EXPECT_EQ(texts(change.fields),
            "secrets: [\"key:/run/secrets/key 0:0 444 old-text\"] -> "
            "[\"key:/run/secrets/key 0:0 444 new-text\"]\n");
}

/// What becomes of a running web whose limits were as `before` has them.
Verdict verdict_of(const spec::Service& before, const spec::Service& after,
                   supervisor::Phase phase = supervisor::Phase::running) {
  ObservedState world = come_true(desired(project({before})));
  world.containers["shop-web-1"].status.phase = phase;
  return diff(desired(project({after})), world, {"web"}).containers.at("shop-web-1").verdict;
}

TEST(Diff, AListOfProcessorsIsUpdatedInPlaceWhereThereIsOne) {
  spec::Service zero = service("web");
  zero.cpuset = "0";
  spec::Service one = service("web");
  one.cpuset = "1";
  EXPECT_EQ(verdict_of(zero, one), Verdict::update);
  EXPECT_EQ(verdict_of(service("web"), one), Verdict::recreate);
  EXPECT_EQ(verdict_of(one, service("web")), Verdict::recreate);
}

TEST(Diff, LimitsAndRulesOfWhatRunsAreUpdatedInPlace) {
  spec::Service after = service("web");
  after.mem_limit = 64 << 20;
  after.cpus = 0.5;
  after.restart.kind = spec::RestartPolicy::Kind::always;
  after.stop_signal = "SIGUSR1";
  EXPECT_EQ(verdict_of(service("web"), after), Verdict::update);
  EXPECT_EQ(verdict_of(after, service("web")), Verdict::update);
  EXPECT_EQ(verdict_of(service("web"), after, supervisor::Phase::paused), Verdict::update);
  EXPECT_EQ(verdict_of(service("web"), after, supervisor::Phase::exited), Verdict::recreate);
}

TEST(Diff, OtherAliasesAreTakenInPlace) {
  spec::Service before = service("web");
  before.networks["default"].aliases = {"old"};
  spec::Service after = service("web");
  after.networks["default"].aliases = {"new", "newer", "newest", "last"};
  EXPECT_EQ(verdict_of(before, after), Verdict::update);
  EXPECT_EQ(verdict_of(service("web"), after), Verdict::update);
  after.networks["default"].priority = 7;
  EXPECT_EQ(verdict_of(before, after), Verdict::recreate);
}

TEST(Diff, AVirtualAddressComesAndGoesInPlace) {
  spec::Service after = service("web");
  after.virtual_address = true;
  EXPECT_EQ(verdict_of(service("web"), after), Verdict::update);
  EXPECT_EQ(verdict_of(after, service("web")), Verdict::update);
  EXPECT_EQ(verdict_of(after, after), Verdict::keep);
}

TEST(Diff, OneOtherChangeMakesItANewContainer) {
  spec::Service after = service("web");
  after.mem_limit = 64 << 20;
  after.environment["A"] = "1";
  EXPECT_EQ(verdict_of(service("web"), after), Verdict::recreate);
  after = service("web");
  after.cpuset = "0";
  EXPECT_EQ(verdict_of(service("web"), after), Verdict::recreate);
}

TEST(Diff, AServiceOutsideTheSelectionIsLeftAlone) {
  const auto shop = project({service("web"), service("other")});
  const ObservedState world = come_true(desired(shop));
  const DesiredState wish = desired_state(shop, {"web"}, images());
  EXPECT_EQ(diff(wish, world, {"web", "other"}).containers.at("shop-other-1").verdict,
            Verdict::keep);
}

/// A database, and when it is wished for, somebody who has its volumes.
spec::Project database(bool is_held) {
  spec::Service db = service("db");
  db.volumes.push_back({});
  db.volumes.back().target = "/d";
  spec::Service backup = service("backup");
  backup.volumes_from.push_back({spec::VolumesFrom::Kind::service, "db", spec::Access::read_only});
  return is_held ? project({db, backup}) : project({db});
}

Verdict verdict_of_database(const ObservedState& world, bool is_held) {
  return diff(desired(database(is_held)), world, {"backup", "db"})
      .containers.at("shop-db-1")
      .verdict;
}

TEST(Diff, WhoElseHasItsVolumesDoesNotMakeAContainerDiffer) {
  for (const bool was_held : {false, true}) {
    ObservedState world = come_true(desired(database(was_held)));
    EXPECT_EQ(verdict_of_database(world, !was_held), Verdict::keep);
    std::string& applied = world.containers.at("shop-db-1").config.applied;
    applied.insert(applied.rfind('}'), R"(,"holds_volumes":true)");
    EXPECT_EQ(verdict_of_database(world, was_held), Verdict::keep) << "as it was noted once";
  }
}

TEST(Diff, WhoHoldsVolumesGetsAnotherRestartPolicyInPlace) {
  const ObservedState world = come_true(desired(database(true)));
  auto shop = database(true);
  shop.services["db"].restart.kind = spec::RestartPolicy::Kind::always;
  const DesiredState wish = desired(shop);
  EXPECT_EQ(diff(wish, world, {"backup", "db"}).containers.at("shop-db-1").verdict,
            Verdict::update);
  supervisor::ContainerConfig config = world.containers.at("shop-db-1").config;
  EXPECT_TRUE(config.data_container);
  lower_changeable(wish.containers.at("shop-db-1"), config);
  EXPECT_FALSE(config.data_container);
}

/// A service with a config of a file of the host, whose text is this.
DesiredState tuned(const std::string& text, spec::OnChange::Kind kind, bool has_dependent = false) {
  spec::Service web = service("web");
  web.configs.push_back({});
  web.configs.back().source = "tune";
  web.on_change.kind = kind;
  spec::Service user = service("user");
  user.depends_on["web"].restart = true;
  auto shop = has_dependent ? project({web, user}) : project({web});
  shop.configs["tune"].file = "/tune.conf";
  return desired_state(shop, names_of(shop), images(), {{"/tune.conf", {text}}});
}

TEST(Diff, WhatAContainerHasReadAtItsStartIsNoChangeOfIt) {
  ObservedState world = come_true(tuned("one", spec::OnChange::Kind::signal));
  const DesiredState wish = tuned("two", spec::OnChange::Kind::signal);
  const auto verdict = [&](const DesiredState& wanted) {
    return diff(wanted, world, {"web"}).containers.at("shop-web-1").verdict;
  };
  EXPECT_EQ(verdict(wish), Verdict::update);
  world.containers.at("shop-web-1").status.texts["/tune.conf"] = supervisor::hash_of_text("two");
  EXPECT_EQ(verdict(wish), Verdict::keep);
  EXPECT_EQ(verdict(tuned("one", spec::OnChange::Kind::signal)), Verdict::update)
      << "it has the other one now";
}

TEST(Diff, WhatIsChangedOnItsWayThroughARestartIsToldAsRestarted) {
  const ObservedState world = come_true(tuned("one", spec::OnChange::Kind::restart, true));
  const DesiredState wish = tuned("two", spec::OnChange::Kind::restart, true);
  Changes changes = diff(wish, world, {"web", "user"});
  add_restarts(wish, world, changes);
  const ContainerChange& web = changes.containers.at("shop-web-1");
  EXPECT_EQ(web.verdict, Verdict::update);
  EXPECT_EQ(told_verdict(web), Verdict::restart);
  EXPECT_EQ(told_reason(web), "configs, x-stack.on_change: restart");
  EXPECT_EQ(told_reason(changes.containers.at("shop-user-1")), "web is restarted");
}

TEST(Diff, TheNewValuesPlaceIsWhereItIsSaid) {
  spec::Service before = service("web");
  spec::Service after = before;
  after.mem_reservation = 64 << 20;
  after.restart.kind = spec::RestartPolicy::Kind::always;
  spec::SourceMap sources;
  sources.set("services.web", {"stack.yaml", 2, 3});
  sources.set("services.web.deploy.resources.reservations.memory", {"stack.yaml", 9, 19});
  sources.set("services.web.deploy.restart_policy", {"stack.yaml", 5, 7});
  EXPECT_EQ(changes_of(before, after, sources),
            "mem_reservation: set to 67108864 (stack.yaml:9:19)\n"
            "restart: set to \"always\" (stack.yaml:5:7)\n");
  sources.set("services.web.restart", {"stack.yaml", 3, 14});
  EXPECT_NE(changes_of(before, after, sources).find("stack.yaml:3:14"), std::string::npos);
}

TEST(DataContainer, IsOneThatHoldsVolumesAndHasNothingLeftToDo) {
  supervisor::ObservedContainer container;
  EXPECT_FALSE(is_data_container(container));
  container.config.data_container = true;
  EXPECT_TRUE(is_data_container(container)) << "its image has no command";
  container.config.spec.process.arguments = {"php-fpm"};
  EXPECT_FALSE(is_data_container(container)) << "it has not come to run yet";
  container.status.phase = supervisor::Phase::running;
  EXPECT_FALSE(is_data_container(container));
  EXPECT_TRUE(is_data_container(exited(container, 0)));
  EXPECT_FALSE(is_data_container(exited(container, 1)));
  supervisor::ObservedContainer stopped = exited(container, 0);
  stopped.status.stopped_by_user = true;
  EXPECT_FALSE(is_data_container(stopped));
}

TEST(Hooks, ThatAreDueAreTriedAgainAndRestartNobody) {
  spec::Service guest = service("guest");
  guest.network_mode = "service:web";
  guest.networks.clear();
  const DesiredState wish = desired(project({service("web"), guest}));
  ObservedState world = come_true(wish);
  world.containers.at("shop-web-1").status.hooks_due = true;
  Changes changes = diff(wish, world, {"web", "guest"});
  add_restarts(wish, world, changes);
  EXPECT_EQ(changes.containers.at("shop-web-1").verdict, Verdict::start);
  EXPECT_EQ(changes.containers.at("shop-web-1").because, "its post_start is due");
  EXPECT_EQ(changes.containers.at("shop-guest-1").verdict, Verdict::keep);
}

Verdict verdict_of_ended(const DesiredState& wish) {
  ObservedState world = come_true(wish);
  world.containers["shop-web-1"] = exited(world.containers["shop-web-1"], 0);
  return diff(wish, world, {"web"}).containers.at("shop-web-1").verdict;
}

TEST(Job, EndedByItselfAndServesNobody) {
  const auto verdict = [](const spec::Project& file) { return verdict_of_ended(desired(file)); };
  EXPECT_EQ(verdict(project({service("web")})), Verdict::keep);
  spec::Service published = service("web");
  published.ports = {testing::port(8080)};
  EXPECT_EQ(verdict(project({published})), Verdict::start);
  spec::Service watched = service("web");
  watched.ready.emplace();
  EXPECT_EQ(verdict(project({watched})), Verdict::start);
  spec::Service dependent = service("db");
  dependent.depends_on["web"].condition = spec::Condition::service_completed_successfully;
  EXPECT_EQ(verdict(project({published, dependent})), Verdict::keep) << "others wait for its end";
}

TEST(Job, IsNotTheProgramOfAnImageWithPorts) {
  const auto verdict = [](const spec::Service& web) {
    DesiredState wish = desired(project({web}));
    image::ImageConfig& image = wish.containers.at("shop-web-1").image;
    image.exposed_ports = {"6379/tcp"};
    image.command = {"redis-server"};
    return verdict_of_ended(wish);
  };
  spec::Service server = service("web");
  server.command.reset();
  EXPECT_EQ(verdict(server), Verdict::start);
  EXPECT_EQ(verdict(service("web")), Verdict::keep) << "it runs something else";
}

}  // namespace
}  // namespace stack::orchestrator
