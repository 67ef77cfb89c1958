// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/desired.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::Mount mount(const std::string& source, const std::string& target) {
  spec::Mount mount;
  mount.source = source;
  mount.target = target;
  return mount;
}

std::vector<std::string> targets(const DesiredContainer& container) {
  std::vector<std::string> texts;
  for (const auto& each : container.mounts) {
    texts.push_back(each.mount.target +
                    (each.mount.access == spec::Access::read_only ? ":ro" : "") +
                    (each.inherited_from.empty() ? "" : " from " + each.inherited_from));
  }
  return texts;
}

TEST(Desired, ContainersNetworksAndVolumesGetTheNamesThatComposeGives) {
  spec::Service web = service("web");
  web.scale = 2;
  web.volumes = {mount("data", "/data")};
  const DesiredState state = desired(project({web}));
  EXPECT_TRUE(state.containers.contains("shop-web-1"));
  EXPECT_TRUE(state.containers.contains("shop-web-2"));
  EXPECT_TRUE(state.networks.contains("shop_default"));
  EXPECT_TRUE(state.volumes.contains("shop_data"));
}

TEST(Desired, ContainerNameOverridesTheMadeUpOne) {
  spec::Service web = service("web");
  web.container_name = "front";
  EXPECT_TRUE(desired(project({web})).containers.contains("front"));
}

TEST(Desired, VolumesFromBringsEveryMountAndTheOwnOneWins) {
  spec::Service data = service("data");
  data.volumes = {mount("data", "/a"), mount("", "/b"), mount("data", "/c")};
  spec::Service user = service("user");
  user.volumes = {mount("data", "/c")};
  user.volumes_from.push_back({spec::VolumesFrom::Kind::service, "data", spec::Access::read_only});
  const DesiredState state = desired(project({data, user}));
  EXPECT_EQ(targets(state.containers.at("shop-user-1")),
            (std::vector<std::string>{"/c", "/a:ro from data", "/b:ro from data"}));
}

TEST(Desired, VolumesFromChainsKeepTheirOriginAndAccess) {
  spec::Service first = service("first");
  first.volumes = {mount("", "/a")};
  spec::Service second = service("second");
  second.volumes_from.push_back(
      {spec::VolumesFrom::Kind::service, "first", spec::Access::read_only});
  spec::Service third = service("third");
  third.volumes_from.push_back(
      {spec::VolumesFrom::Kind::service, "second", spec::Access::read_write});
  const DesiredState state = desired(project({first, second, third}));
  EXPECT_EQ(targets(state.containers.at("shop-third-1")),
            std::vector<std::string>{"/a:ro from first"});
  EXPECT_EQ(state.containers.at("shop-third-1").mounts[0].mount.source,
            state.containers.at("shop-first-1").mounts[0].mount.source);
}

TEST(Desired, VolumesThatTheImageDeclaresAreAnonymousAndYieldToInheritedOnes) {
  ImageCatalog catalog = images();
  catalog["busybox"].config.volumes = {"/var/lib/data"};
  spec::Service data = service("data");
  spec::Service user = service("user");
  user.volumes_from.push_back({spec::VolumesFrom::Kind::service, "data", spec::Access::read_write});
  const auto shop = project({data, user});
  const DesiredState state = desired_state(shop, select_services(shop, {}), catalog);
  EXPECT_EQ(targets(state.containers.at("shop-user-1")),
            std::vector<std::string>{"/var/lib/data from data"});
  EXPECT_EQ(state.volumes.size(), 1U);
}

TEST(Desired, AnonymousVolumesKeepTheirNameForOneReplicaAndPath) {
  EXPECT_EQ(anonymous_volume_name("p", "s", 1, "/a"), anonymous_volume_name("p", "s", 1, "/a"));
  EXPECT_NE(anonymous_volume_name("p", "s", 1, "/a"), anonymous_volume_name("p", "s", 2, "/a"));
  EXPECT_NE(anonymous_volume_name("p", "s", 1, "/a"), anonymous_volume_name("p", "s", 1, "/b"));
  EXPECT_EQ(anonymous_volume_name("p", "s", 1, "/a").size(), 64U);
}

TEST(Desired, NamingAServiceBringsWhatItDependsOnAndNothingElse) {
  spec::Service web = service("web");
  web.depends_on["api"] = {};
  spec::Service api = service("api");
  api.depends_on["db"] = {};
  const auto shop = project({web, api, service("db"), service("other")});
  EXPECT_EQ(select_services(shop, {"web"}), (std::set<std::string>{"api", "db", "web"}));
}

TEST(Desired, AnUnknownServiceIsNamedWithTheNearestOne) {
  try {
    select_services(project({service("web")}), {"wbe"});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no such service: wbe");
    EXPECT_EQ(error.hint(), "did you mean \"web\"?");
  }
}

TEST(Desired, AnEntrypointInTheFileDropsTheImagesCommand) {
  DesiredContainer container;
  container.image.command = {"serve"};
  container.image.entrypoint = {"/entry"};
  EXPECT_EQ(arguments_of(container), (std::vector<std::string>{"/entry", "serve"}));
  container.model.entrypoint = std::vector<std::string>{"/mine"};
  EXPECT_EQ(arguments_of(container), std::vector<std::string>{"/mine"});
  container.model.command = std::vector<std::string>{"x"};
  EXPECT_EQ(arguments_of(container), (std::vector<std::string>{"/mine", "x"}));
}

TEST(Desired, WordsOfNothingLeaveTheImagesCommand) {
  using Strings = std::vector<std::string>;
  DesiredContainer container;
  container.image.command = {"serve"};
  container.image.entrypoint = {"/entry"};
  const auto run = [&](std::optional<Strings> entrypoint, std::optional<Strings> command) {
    container.model.entrypoint = std::move(entrypoint);
    container.model.command = std::move(command);
    return arguments_of(container);
  };
  EXPECT_EQ(run({}, Strings{}), (Strings{"/entry", "serve"}));
  EXPECT_EQ(run({}, Strings{""}), (Strings{"/entry", ""}));
  EXPECT_EQ(run(Strings{}, {}), Strings{"serve"});
  EXPECT_EQ(run(Strings{}, Strings{}), Strings{"serve"});
  EXPECT_EQ(run(Strings{}, Strings{"x"}), Strings{"x"});
  EXPECT_EQ(run(Strings{"/mine"}, Strings{}), Strings{"/mine"});
  EXPECT_EQ(run(Strings{""}, {}), Strings{});
  EXPECT_EQ(run(Strings{""}, Strings{"x"}), Strings{"x"});
}

TEST(Describe, IsTheSameTextForTheSameWishAndLeavesScaleOut) {
  spec::Service web = service("web");
  const std::string one = describe(desired(project({web})).containers.at("shop-web-1"));
  web.scale = 4;
  web.profiles = {"front"};
  EXPECT_EQ(describe(desired(project({web})).containers.at("shop-web-1")), one);
}

}  // namespace
}  // namespace stack::orchestrator
