// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight.h"

#include <gtest/gtest.h>

#include "base/format.h"
#include "builders.h"
#include "network/ports.h"
#include "orchestrator/preflight_users.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

runtime::HostAbilities machine_without_controllers() {
  return {};
}

std::string warnings_of(const spec::Project& shop, const ObservedState& world) {
  const DesiredState wish = desired(shop);
  std::set<std::string> services;
  for (const auto& [name, service] : shop.services) services.insert(name);
  std::string text;
  for (const auto& warning :
       check_host(wish, diff(wish, world, services), machine_without_controllers).warnings)
    text += warning.message + "\n";
  return text;
}

TEST(Preflight, WarnsOfALimitThatTheMachineDoesNotKeep) {
  spec::Service web = service("web");
  web.mem_limit = 1 << 30;
  EXPECT_EQ(warnings_of(project({web}), {}),
            "service \"web\": this machine has no memory cgroup controller: the container runs "
            "without that limit\n");
}

TEST(Preflight, AlsoOfOneThatARunningContainerIsToGet) {
  const ObservedState world = come_true(desired(project({service("web")})));
  spec::Service web = service("web");
  web.mem_limit = 1 << 30;
  EXPECT_EQ(warnings_of(project({web}), world),
            "service \"web\": this machine has no memory cgroup controller: the container runs "
            "without that limit\n");
}

TEST(Preflight, LooksAtNothingWhenNothingChanges) {
  spec::Service web = service("web");
  web.mem_limit = 1 << 30;
  const DesiredState wish = desired(project({web}));
  const Changes changes = diff(wish, come_true(wish), {"web"});
  const auto findings = check_host(wish, changes, []() -> runtime::HostAbilities {
    ADD_FAILURE() << "the machine was looked at";
    return {};
  });
  EXPECT_TRUE(findings.warnings.empty());
}

std::string problems_of(const DesiredState& wish, const ObservedState& world,
                        Orphans orphans = Orphans::leave) {
  std::string text;
  const HostPaths nowhere{"/nonexistent/data", "/nonexistent/run"};
  Changes changes = diff(wish, world, {"web"});
  if (orphans == Orphans::remove) remove_orphans(changes);
  const Plan plan = plan_up(wish, world, changes);
  for (const auto& problem : check_world(nowhere, wish, world, changes, plan))
    text += problem.message + "\n";
  for (const auto& problem : check_ports(nowhere, wish, world, changes, plan))
    text += problem.message + "\n";
  return text;
}

TEST(Preflight, APortIsFreeWhenItsHolderGoesInTheSameChange) {
  const auto [socket, number] = network::hold_port("127.0.0.1", 0, "tcp");
  ObservedState world = come_true(desired(project({service("old")})));
  world.containers.at("shop-old-1").status.published = {
      {"127.0.0.1", number, "tcp", network::Ipv4{}, 80}};
  spec::Service web = service("web");
  web.ports = {testing::port(number)};
  web.ports.front().host_ip = "127.0.0.1";
  const DesiredState wish = desired(project({web}));
  EXPECT_EQ(problems_of(wish, world, Orphans::remove), "");
  const std::string problem = problems_of(wish, world, Orphans::leave);
  EXPECT_TRUE(problem.starts_with(fmt::format("port {} on 127.0.0.1 is taken by", number)))
      << problem;
  EXPECT_NE(
      problem.find(fmt::format("Bind for 127.0.0.1:{} failed: port is already allocated", number)),
      std::string::npos)
      << problem;
}

TEST(Preflight, APortIsPublishedOnAnAddressOfThisMachine) {
  spec::Service web = service("web");
  web.ports = {testing::port(0)};
  web.ports.front().host_ip = "127.0.0.1";
  EXPECT_EQ(problems_of(desired(project({web})), {}), "");
  web.ports.front().host_ip = "203.0.113.9";  // of TEST-NET-3, which nobody has (RFC 5737)
  EXPECT_EQ(problems_of(desired(project({web})), {}),
            "service \"web\" publishes on 203.0.113.9, which is no address of this machine: cannot "
            "assign requested address\n");
}

TEST(Preflight, WhoseNamespacesAreSharedRuns) {
  spec::Service web = service("web");
  web.network_mode = "container:vpn";
  web.networks.clear();
  const DesiredState wish = desired(project({web}));
  constexpr const char* problem =
      "container vpn, whose network namespace is to be shared, does not run\n";
  EXPECT_EQ(problems_of(wish, {}), problem);
  ObservedState world = come_true(desired(project({service("vpn")})));
  auto& vpn = world.containers["vpn"] = world.containers.at("shop-vpn-1");
  EXPECT_EQ(problems_of(wish, world), "");
  vpn = exited(vpn, 0);
  EXPECT_EQ(problems_of(wish, world), problem);
}

TEST(Preflight, TheUserOfAMissingImageIsNoProblemOfItsOwn) {
  spec::Service web = service("web");
  web.user = "nobodyhere";
  DesiredState wish = desired(project({web}));
  wish.containers.at("shop-web-1").image_id.clear();
  const HostPaths nowhere{"/nonexistent/data", "/nonexistent/run"};
  EXPECT_TRUE(check_users(nowhere, wish, diff(wish, {}, {"web"})).empty());
}

TEST(Preflight, AMissingExternalNetworkIsAProblem) {
  DesiredState wish = desired(project({service("web")}));
  auto& network = wish.networks.at("shop_default");
  network.external = true;
  EXPECT_EQ(problems_of(wish, {}),
            "network shop_default declared as external, but could not be found\n");
  network.owner = "blog";
  EXPECT_EQ(problems_of(wish, {}), "");
}

TEST(Preflight, ANetworkWithGuestsIsNotReplaced) {
  DesiredState wish = desired(project({service("web")}));
  ObservedState world = come_true(wish);
  world.networks.at("shop_default").config.applied = R"({"key":"default","internal":true})";
  EXPECT_EQ(problems_of(wish, world), "");
  world.networks.at("shop_default").guests = {"blog/blog-web-1", "wiki/wiki-web-1"};
  EXPECT_EQ(problems_of(wish, world),
            "network shop_default has changed and must be made anew, but blog/blog-web-1, "
            "wiki/wiki-web-1 of other stacks are in it\n");
}

TEST(Preflight, AnotherStacksNetworkIsUsedWithAWarningUnlessItIsExternal) {
  DesiredState wish = desired(project({service("web")}));
  EXPECT_TRUE(strange_networks(wish).empty());
  auto& network = wish.networks.at("shop_default");
  network.owner = "blog";
  ASSERT_EQ(strange_networks(wish).size(), 1U);
  EXPECT_EQ(strange_networks(wish).front().message,
            "a network with name shop_default exists but was not created for project \"shop\"");
  network.external = true;
  EXPECT_TRUE(strange_networks(wish).empty());
}

TEST(Preflight, AnotherStacksVolumeIsUsedWithAWarningUnlessItIsExternal) {
  DesiredState wish = desired(project({service("web")}));
  ObservedState world;
  wish.volumes["shop_data"] = {"shop_data", "data", "", false, {}};
  EXPECT_TRUE(strange_volumes(wish, world).empty());
  auto& labels = world.volumes["shop_data"].labels;
  ASSERT_EQ(strange_volumes(wish, world).size(), 1U);
  labels["com.docker.compose.project"] = "blog";
  ASSERT_EQ(strange_volumes(wish, world).size(), 1U);
  EXPECT_EQ(strange_volumes(wish, world).front().message,
            "volume \"shop_data\" already exists but was created for project \"blog\" (expected "
            "\"shop\")");
  labels["com.docker.compose.project"] = "shop";
  EXPECT_TRUE(strange_volumes(wish, world).empty());
  labels.clear();
  wish.project = "@containers";
  EXPECT_TRUE(strange_volumes(wish, world).empty()) << "by hand nobody has a file";
  wish.project = "shop";
  wish.volumes["shop_data"].external = true;
  EXPECT_TRUE(strange_volumes(wish, world).empty());
}

}  // namespace
}  // namespace stack::orchestrator
