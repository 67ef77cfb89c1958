// SPDX-License-Identifier: Apache-2.0
// Which mistakes count: those in values that the merged project still has.
#include <gtest/gtest.h>

#include "load_text.h"
#include "shown.h"

namespace stack::spec {
namespace {

LoadResult merged(const std::string& base, const std::string& over) {
  return load_from_sources(request_of({"services:\n  web:\n    image: x\n    " + base + "\n",
                                       "services:\n  web:\n    " + over + "\n"}));
}

/// A service `web` with `keys` that extends `base`, with `base_keys`, of another file.
LoadResult extending(const std::string& base_keys, const std::string& keys) {
  return load_from_sources(request_of(
      {"services:\n  web:\n    extends: {file: common.yaml, service: base}\n    " + keys + "\n"},
      {{"/project/common.yaml", "services:\n  base:\n    image: x\n    " + base_keys + "\n"}}));
}

/// The same, with the keys in a service of that file that nobody extends.
LoadResult beside(const std::string& keys) {
  return load_from_sources(
      request_of({"services:\n  web:\n    extends: {file: common.yaml, service: base}\n"},
                 {{"/project/common.yaml",
                   "services:\n  base: {image: x}\n  db:\n    image: x\n    " + keys + "\n"}}));
}

const std::vector<std::pair<std::string, std::string>> kTexts = {
    {"stop_grace_period: ''", "stop_grace_period: 1s"},
    {"stop_grace_period: zzz", "stop_grace_period: !reset null"},
    {"mem_limit: ''", "mem_limit: 1g"},
    {"memswap_limit: ''", "memswap_limit: !reset null"},
    {"shm_size: abc", "shm_size: 1m"},
    {"build: {context: ., shm_size: ''}", "build: {shm_size: 1m}"},
    {"build: {context: ., no_cache: zz}", "build: {no_cache: true}"},
    {"blkio_config: {weight: ''}", "blkio_config: {weight: 10}"},
    {"healthcheck: {test: x, interval: ''}", "healthcheck: {interval: 1s}"},
    {"healthcheck: {test: x, retries: -1}", "healthcheck: {retries: 1}"},
    {"deploy: {update_config: {delay: ''}}", "deploy: {update_config: {delay: 1s}}"},
    {"deploy: {restart_policy: {condition: never}}", "deploy: {restart_policy: {condition: any}}"},
    {"deploy: {resources: {limits: {memory: '', cpus: '', pids: ''}}}",
     "deploy: {resources: {limits: {memory: 1g, cpus: '1', pids: 1}}}"},
    {"deploy: {replicas: -1}", "deploy: {replicas: 1}"},
    {"extra_hosts: ['']", "extra_hosts: !reset []"},
    {"ports: [{target: 80, host_ip: zz}]", "ports: !reset []"},
    {"volumes: [{type: tmpfs, target: /a, tmpfs: {size: zz}}]", "volumes: !reset []"},
    {"command: \"a 'b\"", "command: [a]"},
    {"cap_add: [NOTHING]", "cap_add: !reset []"},
};

/// What docker compose holds each file of the project against.
const std::vector<std::pair<std::string, std::string>> kKinds = {
    {"command: 5", "command: [a]"},
    {"stop_grace_period: 5", "stop_grace_period: 1s"},
    {"extra_hosts: {h: 1}", "extra_hosts: !override {h: 1.1.1.1}"},
    {"environment: {A: [1]}", "environment: !override {A: b}"},
    {"deploy: abc", "deploy: {replicas: 1}"},
    {"volumes: abc", "volumes: ['a:/b']"},
    {"networks: abc", "networks: [default]"},
    {"pull_policy: ''", "pull_policy: always"},
    {"container_name: ''", "container_name: name"},
    {"cgroup: ''", "cgroup: host"},
    {"networks: {default: {priority: ''}}", "networks: {default: {priority: 1}}"},
    {"depends_on: {db: {condition: ''}}", "depends_on: !reset {}"},
    {"unknown: 1", "unknown: !reset null"},
};

TEST(Counts, ATextThatAnotherFileGoesOverIsNotRead) {
  for (const auto& [bad, good] : kTexts) {
    EXPECT_NE(messages_of(merged(bad, "user: a")), "") << bad;
    EXPECT_TRUE(merged(bad, good).project) << bad << '\n' << messages_of(merged(bad, good));
    EXPECT_TRUE(extending(bad, good).project) << bad << '\n' << messages_of(extending(bad, good));
    EXPECT_FALSE(extending(bad, "user: a").project) << bad;
    EXPECT_TRUE(beside(bad).project) << bad << '\n' << messages_of(beside(bad));
  }
}

TEST(Counts, TheKindOfAValueIsJudgedInEachFileOfTheProject) {
  for (const auto& [bad, good] : kKinds) {
    EXPECT_FALSE(merged(bad, good).project) << bad;
    EXPECT_FALSE(extending(bad, "user: a").project) << bad;
    EXPECT_TRUE(beside(bad).project) << bad << '\n' << messages_of(beside(bad));
    if (bad.starts_with("volumes")) continue;  // and there is no volume "a"
    EXPECT_TRUE(extending(bad, good).project) << bad << '\n' << messages_of(extending(bad, good));
  }
}

TEST(Counts, NumbersAreReadWithTheVariablesOfTheirFile) {
  for (const char* bad :
       {"healthcheck: {retries: ''}", "cpus: abc", "read_only: zz", "scale: ''"}) {
    EXPECT_FALSE(
        merged(bad, std::string(bad).substr(0, std::string(bad).find(':')) + ": !reset x").project)
        << bad;
    EXPECT_FALSE(beside(bad).project) << bad;
  }
  EXPECT_FALSE(beside("ports: ['a:b']").project);
  EXPECT_FALSE(beside("volumes: ['']").project);
  EXPECT_FALSE(extending("extends: 5", "user: a").project);
}

TEST(Counts, AnErrorNamesThePlaceOfTheValueThatIsLeft) {
  const auto result = load_from_sources(
      request_of({"services:\n  web:\n    extends: {file: common.yaml, service: base}\n"
                  "    mem_limit: zz\n"},
                 {{"/project/common.yaml",
                   "services:\n  base:\n    image: x\n    mem_limit: 1x\n    shm_size: yy\n"}}));
  const auto said = result.diagnostics.sorted();
  ASSERT_EQ(said.size(), 2U) << messages_of(result);
  EXPECT_EQ(to_text(said[0].origin), "stack.yaml:4:16");
  EXPECT_EQ(to_text(said[1].origin), "common.yaml:5:15");
}

TEST(Counts, AnAnchorIsNoValueOfItsOwn) {
  const std::string head = "x-common: &common {stop_grace_period: ''}\nservices:\n";
  EXPECT_TRUE(load_from_sources(request_of({head + "  web: {image: x, <<: *common}\n",
                                            "services: {web: {stop_grace_period: 1s}}"}))
                  .project);
  EXPECT_EQ(
      messages_of(load_from_sources(
          request_of({head + "  web: {image: x, <<: *common}\n  db: {image: x, <<: *common}\n",
                      "services: {web: {stop_grace_period: 1s}}"}))),
      "1: \"\" is not a duration: \"stop_grace_period\" of service \"web\" (like 30s or 1m30s)\n"
      "1: \"\" is not a duration: \"stop_grace_period\" of service \"db\" (like 30s or 1m30s)\n");
}

TEST(Counts, TheScaleOfAServiceThatIsLeftOutIsNobodysConcern) {
  EXPECT_TRUE(
      load_text("services: {a: {image: x}, b: {image: x, profiles: [p], scale: -1}}").project);
  EXPECT_FALSE(
      load_text("services: {a: {image: x}, b: {image: x, profiles: [p], mem_limit: ''}}").project);
}

TEST(Counts, ADeviceWithoutSourceIsTheConcernOfItsServiceAlone) {
  const std::string text = "services: {s: {image: x, devices: ['${V}:/dev/x', '']}, t: {image: x}}";
  EXPECT_EQ(web("devices: ['${V}:/dev/x']", "devices"), "[{target: /dev/x, permissions: rwm}]");
  auto request = request_of({text});
  request.services = {"t"};
  request.needed = Needed::chosen;
  EXPECT_TRUE(load_from_sources(request).project);
  request.services = {"s"};
  EXPECT_FALSE(load_from_sources(request).project);
  EXPECT_EQ(messages_of(load_text("services: {s: {image: x, devices: ['a:b:c:d']}}")),
            "1: \"a:b:c:d\" is not a device (SOURCE[:TARGET[:rwm]])\n");
}

TEST(Counts, ABindMountOfNothingIsOfTheDirectory) {
  const std::string mount = "volumes: [{type: bind, source: '${V}', target: /x}]";
  EXPECT_EQ(web(mount, "volumes"), "[{type: bind, source: /project, target: /x}]");
}

TEST(Counts, AnUnknownRestartConditionIsTheConcernOfItsServiceAlone) {
  const auto with = [](const std::string& condition) {
    return request_of({"services: {s: {image: x, deploy: {restart_policy: {condition: '" +
                       condition + "'}}}, t: {image: x}}"});
  };
  for (const char* word : {"never", "Any", "on_failure", "on-failure:3"}) {
    auto request = with(word);
    EXPECT_FALSE(load_from_sources(request).project) << word;
    request.services = {"t"};
    request.needed = Needed::chosen;
    EXPECT_TRUE(load_from_sources(request).project) << word;
    request.purpose = Purpose::show;
    EXPECT_TRUE(load_from_sources(request).project) << word;
  }
  EXPECT_EQ(project_of(with("")).services["s"].restart.kind, RestartPolicy::Kind::no);
}

}  // namespace
}  // namespace stack::spec
