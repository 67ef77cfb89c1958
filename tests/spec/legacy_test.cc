// SPDX-License-Identifier: Apache-2.0
// Files of the first compose, and the keys that only stack has.
#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/service_hash.h"
#include "spec/tree.h"
#include "spec/variables.h"

namespace stack::spec {
namespace {

Project project_shown(const std::string& text) {
  auto request = request_of({text});
  request.purpose = Purpose::show;
  return project_of(request);
}

std::string at(const Project& project, std::initializer_list<std::string_view> path) {
  const Node* node = project.resolved.get();
  for (const auto key : path) {
    if (node != nullptr) node = node->find(key);
  }
  return node == nullptr ? "(none)" : node->is_scalar() ? node->text : "(not a scalar)";
}

TEST(LegacyFile, ServicesAtTheTopLevelShareTheBridge) {
  const auto project =
      project_shown("web:\n  image: nginx\n  links: [db]\ndb:\n  image: postgres\n");
  EXPECT_EQ(project.services.size(), 2U);
  EXPECT_EQ(at(project, {"services", "web", "network_mode"}), "bridge");
  EXPECT_EQ(project.services.at("web").links.at(0).service, "db");
  EXPECT_TRUE(project.services.at("web").depends_on.contains("db"));
}

TEST(LegacyFile, RunsOnTheProjectsOwnNetwork) {
  const auto project = project_of("web:\n  image: nginx\n");
  EXPECT_EQ(project.services.at("web").network_mode, "");
  EXPECT_TRUE(project.services.at("web").networks.contains("default"));
  EXPECT_EQ(project.networks.at("default").name, "project_default");
}

TEST(NetworkMode, AnEmptyOneIsThatOfNoNetwork) {
  const auto project =
      project_of("services: {web: {image: x, network_mode: '${NO_SUCH}'}, db: {image: x}}");
  EXPECT_TRUE(project.services.at("web").networks.empty());
  EXPECT_TRUE(project.services.at("db").networks.contains("default"));
}

TEST(NetworkMode, TheNameOfANetworkJoinsItAsAnExternalOne) {
  const auto project = project_of(
      "services:\n"
      "  web: {image: x, network_mode: lan}\n"
      "  api: {image: x, network_mode: other}\n"
      "  db: {image: x, network_mode: project_back}\n"
      "  old: {image: x, network_mode: default}\n"
      "  all: {image: x, networks: [lan, back]}\n"
      "networks:\n"
      "  lan: {driver_opts: {a: b}}\n"
      "  back:\n");
  const auto networks_of = [&](const std::string& service) {
    EXPECT_EQ(project.services.at(service).network_mode, "");
    std::vector<std::string> names;
    for (const auto& [key, attachment] : project.services.at(service).networks)
      names.push_back(project.networks.at(key).name);
    return names;
  };
  EXPECT_EQ(networks_of("web"), std::vector<std::string>{"lan"});
  EXPECT_EQ(networks_of("api"), std::vector<std::string>{"other"});
  EXPECT_EQ(networks_of("db"), std::vector<std::string>{"project_back"});
  EXPECT_EQ(networks_of("old"), std::vector<std::string>{"project_default"});
  EXPECT_TRUE(project.networks.at("other").external);
  EXPECT_EQ(project.networks.at("other").mode_of, "api");
  EXPECT_FALSE(project.networks.at("back").external);
  EXPECT_TRUE(project.networks.at("lan_external").external) << "its own lan is project_lan";
}

TEST(LegacyFile, OlderNamesOfKeysAreUnderstood) {
  const auto project = project_shown(
      "web:\n"
      "  build: ./src\n"
      "  dockerfile: Special\n"
      "  net: host\n"
      "  log_driver: syslog\n"
      "  log_opt: {tag: web}\n");
  EXPECT_EQ(at(project, {"services", "web", "build", "context"}), "/project/src");
  EXPECT_EQ(at(project, {"services", "web", "build", "dockerfile"}), "Special");
  EXPECT_EQ(at(project, {"services", "web", "network_mode"}), "host");
  EXPECT_EQ(at(project, {"services", "web", "logging", "driver"}), "syslog");
  EXPECT_EQ(at(project, {"services", "web", "logging", "options", "tag"}), "web");
}

TEST(LegacyFile, NamesThatAreNoServicesAreContainersAndVolumesOfTheMachine) {
  const auto project = project_shown(
      "web:\n"
      "  image: x\n"
      "  net: \"container:db\"\n"
      "  volumes_from: [outside:ro, db]\n"
      "  volumes: [\"data:/data\", \"./x:/x\"]\n"
      "db:\n"
      "  image: y\n");
  EXPECT_EQ(at(project, {"services", "web", "network_mode"}), "service:db");
  const auto& from = project.services.at("web").volumes_from;
  ASSERT_EQ(from.size(), 2U);
  EXPECT_EQ(from[0].kind, VolumesFrom::Kind::container);
  EXPECT_EQ(from[0].name, "outside");
  EXPECT_EQ(from[0].access, Access::read_only);
  EXPECT_EQ(from[1].kind, VolumesFrom::Kind::service);
  EXPECT_EQ(project.volumes.at("data").name, "data");
}

TEST(LegacyFile, IsToldOnceAndOnlyOfSuchAFile) {
  EXPECT_EQ(messages_of(load_text("web:\n  image: nginx\n  net: none\n")),
            "1: this file has no \"services\": it is read as docker-compose 1 did (put the "
            "services below \"services:\")\n");
  EXPECT_TRUE(load_text("web: {image: x}\nother: text\n").diagnostics.has_errors());
  EXPECT_TRUE(load_text("servces: {web: {image: x}}\n").diagnostics.has_errors());
}

TEST(StackKeys, AreCheckedLikeTheRest) {
  EXPECT_EQ(messages_of(load_text("services:\n"
                                  "  db:\n"
                                  "    image: x\n"
                                  "    x-stack:\n"
                                  "      redy: auto\n"
                                  "      anonymous: kept\n"
                                  "    x-other: {any: thing}\n")),
            "5: unknown key \"redy\" in \"x-stack\" of service \"db\" (did you mean \"ready\"?)\n"
            "6: \"kept\" is not a value of \"anonymous\" of \"x-stack\" of service \"db\" (one of: "
            "keep, drop)\n");
}

TEST(StackKeys, ASharedNetworkIsCalledAsItsKey) {
  const std::string text =
      "name: shop\nservices: {db: {image: x, networks: [plaza, own]}}\n"
      "networks: {plaza: {x-stack: {shared: true}}, own: {x-stack: {shared: false}}}\n";
  const auto project = load_text(text).project;
  ASSERT_TRUE(project);
  EXPECT_TRUE(project->networks.at("plaza").shared);
  EXPECT_EQ(project->networks.at("plaza").name, "plaza");
  EXPECT_FALSE(project->networks.at("own").shared);
  EXPECT_EQ(project->networks.at("own").name, "shop_own");
  EXPECT_EQ(messages_of(load_text("services: {db: {image: x}}\n"
                                  "networks:\n"
                                  "  plaza:\n"
                                  "    external: true\n"
                                  "    x-stack: {shared: true}\n")),
            "5: networks.plaza is external, so \"x-stack.shared\" cannot be set (leave out "
            "\"external\": the first stack that needs a shared network makes it)\n");
}

TEST(StackKeys, AreKeptByConfigAndReadAgain) {
  const std::string text =
      "services:\n"
      "  db:\n"
      "    image: x\n"
      "    x-stack:\n"
      "      ready: {tcp: 5432, timeout: 30s}\n";
  const auto project = project_shown(text);
  EXPECT_EQ(at(project, {"services", "db", "x-stack", "ready", "tcp"}), "5432");
}

TEST(Variables, AreListedWithDefaultsAlternatesAndThoseInside) {
  auto request =
      request_of({"services:\n"
                  "  web:\n"
                  "    image: x:${A:-${B:-b}}$C$$D\n"
                  "    command: ${E:?needed} ${F:+given}\n"});
  request.stages.interpolate = false;
  const auto uses = variables_of(project_of(request));
  EXPECT_EQ(uses, (std::map<std::string, VariableUse>{{"A", {false, "${B:-b}", ""}},
                                                      {"B", {false, "b", ""}},
                                                      {"C", {}},
                                                      {"E", {true, "", ""}},
                                                      {"F", {false, "", "given"}}}));
}

TEST(ServiceHash, IsOfTheServiceInTheOrderOfComposesStructures) {
  auto request =
      request_of({"services:\n"
                  "  web:\n"
                  "    image: nginx\n"
                  "    ports: [\"8080:80\"]\n"
                  "    environment: {B: \"<2>\", A: \"1\"}\n"
                  "    env_file: app.env\n"
                  "    scale: 1\n"});
  request.stages.read_env_files = false;
  EXPECT_EQ(hashed_text(project_of(request), "web"),
            R"({"command":null,"entrypoint":null,"environment":{"A":"1","B":"\u003c2\u003e"},)"
            R"("env_file":["/project/app.env"],"image":"nginx","networks":{"default":null},)"
            R"("ports":[{"mode":"ingress","target":80,"published":"8080","protocol":"tcp"}]})");
}

}  // namespace
}  // namespace stack::spec
