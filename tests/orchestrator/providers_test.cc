// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.h"
#include "orchestrator/provider_plan.h"
#include "orchestrator/provider_program.h"
#include "orchestrator/provider_words.h"

namespace stack::orchestrator {
namespace {

using Command = RunProvider::Command;
using Names = std::set<std::string>;

/// web needs db, which is in lan; job needs nothing, queue nobody.
spec::Project shop() {
  spec::Project project;
  for (const char* name : {"web", "job", "store"}) project.services[name].name = name;
  project.providers["db"] = {"db", "cloud", {}, {{"lan", {}}, {"store", {}}}, {"web"}};
  project.providers["lan"] = {"lan", "nets", {}, {}, {"db"}};
  project.providers["queue"] = {"queue", "cloud", {}, {}, {}};
  return project;
}

TEST(ChooseProviders, AllWithoutNames) {
  const auto choice = choose(shop(), {}, true);
  EXPECT_EQ(choice.providers, (Names{"db", "lan", "queue"}));
  EXPECT_TRUE(choice.services.empty());
  EXPECT_FALSE(choice.are_all_providers);
}

TEST(ChooseProviders, WhatANamedServiceNeeds) {
  EXPECT_EQ(choose(shop(), {"web"}, true).providers, (Names{"db", "lan"}));
  EXPECT_EQ(choose(shop(), {"job"}, true).providers, Names{});
  EXPECT_EQ(choose(shop(), {"web"}, false).providers, Names{});
}

TEST(ChooseProviders, ANamedOneBringsWhatItDependsOn) {
  const auto with = choose(shop(), {"db"}, true);
  EXPECT_EQ(with.providers, (Names{"db", "lan"}));
  EXPECT_EQ(with.services, std::vector<std::string>{"store"});
  EXPECT_FALSE(with.are_all_providers);
  const auto alone = choose(shop(), {"db"}, false);
  EXPECT_EQ(alone.providers, Names{"db"});
  EXPECT_TRUE(alone.are_all_providers);
}

TEST(PlanProviders, DependenciesFirstUpAndLastDown) {
  auto providers = shop().providers;
  providers.erase("queue");
  EXPECT_EQ(to_text(plan_providers(providers, Command::up)),
            "#0 have service lan provided (asked for)\n"
            "#1 have service db provided (asked for) after #0\n");
  EXPECT_EQ(to_text(plan_providers(providers, Command::down)),
            "#0 have service db taken down (asked for)\n"
            "#1 have service lan taken down (asked for) after #0\n");
}

TEST(WithVariables, ReachThoseThatDependOnTheProviderAndNobodyElse) {
  std::vector<Problem> warnings;
  spec::Project project = shop();
  project.services["web"].environment["KEY"] = "mine";
  const auto told =
      with_variables(project, {{"db", {{{"URL", "a=b"}}, {{"KEY", "theirs"}}}}}, warnings);
  const auto& web = told.services.at("web").environment;
  EXPECT_EQ(web.at("DB_URL"), "a=b");
  EXPECT_EQ(web.at("KEY"), "theirs");
  EXPECT_TRUE(told.services.at("job").environment.empty());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].message,
            "the provider of service \"db\" sets KEY of service \"web\" to another value than the "
            "file");
}

TEST(ProviderWord, KindsAndTexts) {
  EXPECT_EQ(parse_provider_word(R"({"type":"info","message":"m"})").text, "m");
  EXPECT_EQ(parse_provider_word(R"({"type":"get-service-config"})").kind,
            ProviderWord::Kind::asks_for_config);
  ProviderVariables variables;
  note_variable(parse_provider_word(R"({"type":"setenv","message":"A=b=c"})"), variables);
  note_variable(parse_provider_word(R"({"type":"rawsetenv","message":"D="})"), variables);
  EXPECT_EQ(variables, (ProviderVariables{{{"A", "b=c"}}, {{"D", ""}}}));
}

TEST(ProviderWord, EverythingElseIsRefused) {
  for (const char* line : {"ready", "[]", "{}", R"({"type":7})", R"({"type":"hello"})",
                           R"({"type":"setenv","message":"A"})", R"({"type":"info","message":1})",
                           "{\"type\":\"info\",\"message\":\"\xff\"}"})
    EXPECT_THROW(parse_provider_word(line), Error) << line;
}

TEST(ProviderMetadata, SaysWhichOptionsGoWhere) {
  const auto metadata = parse_metadata(
      R"({"description": "d", "up": {"parameters": [{"name": "size", "required": true}]},
          "down": {"parameters": [{"name": "zone"}]}, "stop": {}})");
  const spec::Provider provider{"db", "cloud", {{"size", {"1"}}, {"zone", {"a", "b"}}}, {}, {}};
  const auto words = [&](Command command) {
    return provider_arguments("shop", provider, metadata, command);
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(words(Command::up), (Words{"compose", "--project-name=shop", "up", "--size=1", "db"}));
  EXPECT_EQ(words(Command::down),
            (Words{"compose", "--project-name=shop", "down", "--zone=a", "--zone=b", "db"}));
  EXPECT_EQ(words(Command::stop), (Words{"compose", "--project-name=shop", "stop", "db"}));
  EXPECT_EQ(missing_option(provider, metadata, Command::up), std::nullopt);
  EXPECT_EQ(missing_option({"db", "cloud", {}, {}, {}}, metadata, Command::up), "size");
}

TEST(ProviderMetadata, WithoutItAllOptionsGoAndNothingIsStopped) {
  for (const char* answer : {"", "usage: cloud up", "[]", R"({"up": 7})", "{}"}) {
    const auto metadata = parse_metadata(answer);
    EXPECT_TRUE(metadata.is_empty) << answer;
    EXPECT_FALSE(metadata.stop) << answer;
  }
  const spec::Provider provider{"db", "cloud", {{"size", {"1"}}}, {}, {}};
  EXPECT_EQ(provider_arguments("shop", provider, {}, Command::up),
            (std::vector<std::string>{"compose", "--project-name=shop", "up", "--size=1", "db"}));
}

}  // namespace
}  // namespace stack::orchestrator
