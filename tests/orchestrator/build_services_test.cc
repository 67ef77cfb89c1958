// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/build_services.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

spec::Service built(const std::string& name) {
  spec::Service made = service(name);
  made.image = "shop-" + name;
  made.build.emplace();
  return made;
}

std::string order_of(const spec::Project& shop, Building building,
                     const std::set<std::string>& there = {}) {
  std::set<std::string> services;
  for (const auto& [name, each] : shop.services) services.insert(name);
  return join(services_to_build(shop, services, building, there), " ");
}

TEST(BuildServices, WhatIsMissingIsBuiltAndTheRestOnlyWhenAsked) {
  spec::Service always = built("always");
  always.pull_policy = "build";
  const auto shop = project({always, built("web"), built("db"), service("plain")});
  const std::set<std::string> there = {"shop-always", "shop-db"};
  EXPECT_EQ(order_of(shop, Building::of_missing, there), "always web");
  EXPECT_EQ(order_of(shop, Building::of_all, there), "always db web");
  EXPECT_EQ(order_of(shop, Building::of_none), "");
}

TEST(BuildServices, SourcesAndDependenciesComeFirst) {
  spec::Service a = built("a"), b = built("b");
  a.build->additional_contexts["base"] = "service:z";
  b.depends_on["y"] = {};
  EXPECT_EQ(order_of(project({a, b, built("y"), built("z")}), Building::of_all), "z a y b");
}

TEST(BuildServices, ACircleIsRefused) {
  spec::Service a = built("a"), b = built("b");
  a.build->additional_contexts["x"] = "service:b";
  b.build->additional_contexts["x"] = "service:a";
  EXPECT_THROW(order_of(project({a, b}), Building::of_all), Error);
}

TEST(BuildServices, ABuildIsNamedAndMarkedAsDockerComposeDoes) {
  spec::Service web = built("web");
  web.build->tags = {"web:2", "shop-web"};
  web.build->args = {{"A", "1"}, {"UNSET", std::nullopt}};
  const ServiceBuild made = lower_build(project({web}), "web");
  EXPECT_EQ(made.request.names, (std::vector<std::string>{"docker.io/library/shop-web:latest",
                                                          "docker.io/library/web:2"}));
  EXPECT_EQ(made.request.arguments, (std::map<std::string, std::string>{{"A", "1"}}));
  EXPECT_EQ(made.request.labels.at("com.docker.compose.service"), "web");
}

}  // namespace
}  // namespace stack::orchestrator
