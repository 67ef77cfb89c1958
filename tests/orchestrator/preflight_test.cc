// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight.h"

#include <gtest/gtest.h>

#include "builders.h"

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

}  // namespace
}  // namespace stack::orchestrator
