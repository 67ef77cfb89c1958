// SPDX-License-Identifier: Apache-2.0
// Services that somebody else's program provides.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "load_text.h"
#include "spec/render.h"

namespace stack::spec {
namespace {

constexpr const char* shop = R"(name: shop
services:
  web:
    image: w
    depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}
  cache: {image: c}
  store: {image: s}
  db:
    provider: {type: cloud, options: {size: 256, zone: [a, b]}}
    depends_on: [lan, store]
  lan:
    provider: {type: nets}
    depends_on: [cache]
)";

TEST(Providers, AreNoServicesWithContainers) {
  const auto result = load_text(shop);
  ASSERT_TRUE(result.project) << messages_of(result);
  const Project& project = *result.project;
  EXPECT_EQ(project.services.size(), 3U);
  const Provider& db = project.providers.at("db");
  EXPECT_EQ(db.service, "db");
  EXPECT_EQ(db.type, "cloud");
  EXPECT_EQ(db.options, (std::map<std::string, Strings>{{"size", {"256"}}, {"zone", {"a", "b"}}}));
  EXPECT_EQ(db.dependents, std::set<std::string>{"web"});
  EXPECT_EQ(project.providers.at("lan").dependents, std::set<std::string>{"db"});
}

TEST(Providers, LeaveWhatTheyDependOnToThoseThatDependOnThem) {
  const Project project = *load_text(shop).project;
  const auto& dependencies = project.services.at("web").depends_on;
  ASSERT_EQ(dependencies.size(), 2U);
  EXPECT_EQ(dependencies.at("cache").condition, Condition::service_started);
  EXPECT_EQ(dependencies.at("store").condition, Condition::service_started);
}

TEST(Providers, HaveNoNamespaceVolumesOrLinksToShare) {
  for (const char* key : {"network_mode: service:db", "volumes_from: [db]", "links: [db]",
                          "pid: service:db", "ipc: service:db"}) {
    const auto result = load_text(std::string("services:\n  web:\n    image: w\n    ") + key +
                                  "\n  db: {provider: {type: cloud}}\n");
    EXPECT_FALSE(result.project) << key;
    EXPECT_NE(messages_of(result).find("which has no container: a provider runs it"),
              std::string::npos)
        << messages_of(result);
  }
}

TEST(Providers, NeedAType) {
  const auto result = load_text("services:\n  db: {provider: {options: {a: b}}}\n");
  EXPECT_FALSE(result.project);
  EXPECT_NE(messages_of(result).find("needs \"type\""), std::string::npos) << messages_of(result);
}

TEST(Providers, AreToldOfTheirServiceInOneLine) {
  const Project project = *load_text(R"(services:
  db: {provider: {type: cloud, options: {price: "$$5"}}}
)")
                               .project;
  const std::string line = service_json(project, "db");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(line)["provider"]["options"]["price"][0], "$5");
}

}  // namespace
}  // namespace stack::spec
