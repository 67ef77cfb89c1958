// SPDX-License-Identifier: Apache-2.0
// What is refused before anything runs: rows 62 to 75, as far as they concern loading, of the list
// of semantic traps, docs/compose-traps.md. TrapNN is the row's number there.
#include <gtest/gtest.h>

#include "shown.h"

namespace stack::spec {
namespace {

TEST(Trap62, ANameForOneContainerIsNotForTwo) {
  const std::string error =
      "1: container name \"one\" cannot be given to 2 containers (leave container_name out)\n";
  EXPECT_EQ(said_of({"services: {web: {image: x, container_name: one, scale: 2}}"}), error);
  EXPECT_EQ(said_of({"services: {web: {image: x, container_name: one,\n"
                     "                 deploy: {replicas: 2}}}"}),
            error);
}

TEST(Trap62, TwoServicesCannotHaveOneContainerName) {
  EXPECT_EQ(said_of({"services:\n  a: {image: x, container_name: one}\n"
                     "  b: {image: x, container_name: one}\n"}),
            "3: container name \"one\" is taken twice (first at line 2)\n");
}

TEST(Trap66, BothRestartPoliciesAreKeptAsTheyStand) {
  const std::string keys = "restart: always, deploy: {restart_policy: {condition: any}}";
  EXPECT_EQ(web(keys, "restart"), "always");
  EXPECT_EQ(web(keys, "deploy"), "{restart_policy: {condition: any}}");
}

TEST(Trap66, TheConditionMayBeAWordOfRestart) {
  using Kind = RestartPolicy::Kind;
  const auto kind_of = [](const std::string& word) {
    return service_of("    deploy: {restart_policy: {condition: " + word + "}}\n").restart.kind;
  };
  EXPECT_EQ(kind_of("unless-stopped"), Kind::unless_stopped);
  EXPECT_EQ(kind_of("always"), Kind::always);
  EXPECT_EQ(kind_of("any"), Kind::always);
  EXPECT_EQ(kind_of("\"no\""), Kind::no);
  EXPECT_EQ(kind_of("none"), Kind::no);
  EXPECT_EQ(web("deploy: {restart_policy: {condition: always}}", "deploy"),
            "{restart_policy: {condition: always}}");
  EXPECT_NE(said_of({"services: {web: {image: x, deploy: {restart_policy: {condition: never}}}}"}),
            "");
}

TEST(Scale, IsNotNegative) {
  EXPECT_EQ(said_of({"services: {web: {image: x, scale: -1}}"}),
            "1: \"-1\" is not zero or more: \"scale\" of service \"web\"\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, deploy: {replicas: -2}}}"}),
            "1: \"-2\" is not zero or more: \"replicas\" of \"deploy\" of service \"web\"\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, scale: 0}}"}), "");
}

TEST(ServiceThatIsNotThere, IsToldOnceWhereItIsNamed) {
  const std::string head = "services:\n  a:\n    image: x\n    ";
  EXPECT_EQ(said_of({head + "links: [nope]\n"}),
            "4: service \"a\" links to \"nope\", which does not exist\n");
  EXPECT_EQ(said_of({head + "network_mode: service:nope\n"}),
            "4: service \"a\" shares a namespace with \"nope\", which does not exist\n");
  EXPECT_EQ(said_of({head + "volumes_from: [nope]\n"}),
            "4: service \"a\" takes volumes from \"nope\", which does not exist\n");
  EXPECT_EQ(said_of({head + "links: [nope]\n    depends_on: [nope]\n"}),
            "4: service \"a\" links to \"nope\", which does not exist\n"
            "5: service \"a\" depends on \"nope\", which does not exist\n");
}

TEST(UndefinedVolume, IsToldAlsoWithADollarInItsName) {
  EXPECT_EQ(
      said_of({"services: {a: {image: x, volumes: ['$$HOME/data:/data']}}"}),
      "1: service \"a\" uses volume \"$HOME/data\", which does not exist (declare it under the "
      "top-level \"volumes\")\n");
}

TEST(ExtraHosts, NeedANameAndAnAddress) {
  EXPECT_EQ(web("extra_hosts: ['h:']", "extra_hosts"), "[h=]");
  EXPECT_NE(said_of({"services: {web: {image: x, extra_hosts: ['h:']}}"}), "");
  EXPECT_NE(said_of({"services: {web: {image: x, extra_hosts: {h: ''}}}"}), "");
  EXPECT_EQ(said_of({"services: {web: {image: x, extra_hosts: [':host-gateway']}}"}),
            "1: a host without a name: \"extra_hosts\" of service \"web\" (HOST=ADDRESS)\n");
}

TEST(NameServers, ThatAreEmptyAreNone) {
  EXPECT_EQ(web("dns: ['', 1.1.1.1]", "dns"), "[1.1.1.1]");
  EXPECT_EQ(web("dns: ''", "dns"), "absent");
  EXPECT_EQ(said_of({"services: {web: {image: x, dns: ['']}}"}), "");
}

TEST(Paths, InAContainerAreAbsolute) {
  EXPECT_EQ(said_of({"services: {web: {image: x, tmpfs: [tmp]}}"}),
            "1: mount path must be absolute: \"tmp\"\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, working_dir: app}}"}),
            "1: the working directory must be absolute: \"app\" (like \"/app\")\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, working_dir: /app, tmpfs: /run}}"}), "");
}

TEST(Tmpfs, WhatTheKernelWouldNotTakeIsToldAtItsPlace) {
  EXPECT_EQ(
      said_of({"services:\n  web:\n    image: x\n    tmpfs:\n      - /a:size=abc\n"
               "      - /b:size=-1\n      - /c:mode=999\n      - /d:size=10%,mode=1700\n"}),
      "5: tmpfs size \"abc\" is no size (a number of bytes like 64m, or a share of the memory "
      "like 10%)\n"
      "6: tmpfs size \"-1\" is no size (a number of bytes like 64m, or a share of the memory "
      "like 10%)\n"
      "7: tmpfs mode \"999\" is no mode (an octal number like 1777)\n");
}

TEST(Builds, LimitsHaveAnEffect) {
  EXPECT_EQ(
      said_of({"services: {a: {build: {context: ., ulimits: {nofile: {soft: 1, hard: 2}}}}}"}), "");
}

TEST(Trap71, StartIntervalNeedsAStartPeriod) {
  EXPECT_EQ(said_of({"services:\n  web:\n    image: x\n    healthcheck:\n      test: a\n"
                     "      start_interval: 5s\n"}),
            "6: start_interval needs start_period\n");
  EXPECT_EQ(said_of({"services:\n  web:\n    image: x\n    healthcheck:\n      test: a\n"
                     "      start_interval: 5s\n      start_period: 1m\n"}),
            "");
}

TEST(Trap71, ATestIsForAShellUnlessItSaysOtherwise) {
  EXPECT_EQ(web("healthcheck: {test: a b}", "healthcheck.test"), "[CMD-SHELL, a b]");
  EXPECT_EQ(web("healthcheck: {test: [CMD, a, b]}", "healthcheck.test"), "[CMD, a, b]");
  EXPECT_EQ(
      said_of({"services: {web: {image: x, healthcheck: {test: [curl, x]}}}"}),
      "1: \"curl\" is not the start of a health check: \"test\" of \"healthcheck\" of service "
      "\"web\" (NONE, CMD or CMD-SHELL; or write the test as one text)\n");
}

TEST(Trap71, DisableAndNoneAreKept) {
  EXPECT_TRUE(service_of("    healthcheck: {disable: true}\n").healthcheck->disable);
  EXPECT_EQ(service_of("    healthcheck: {test: [NONE]}\n").healthcheck->test, Strings{"NONE"});
}

TEST(Trap72, SwapMayBeWithoutLimit) {
  EXPECT_EQ(web("mem_limit: 1g, memswap_limit: -1", "memswap_limit"), "-1");
  EXPECT_EQ(said_of({"services: {web: {image: x, mem_limit: -1}}"}),
            "1: \"-1\" is not a size: \"mem_limit\" of service \"web\" (like 512m or 1.5g)\n");
}

struct Twice {
  std::string key;
  std::string own, other;  ///< a value of the key, and one that differs
  std::string deploy;      ///< with "?" for the value
};

class Trap73 : public testing::TestWithParam<Twice> {
 protected:
  static std::string said_with(const std::string& value) {
    auto deploy = GetParam().deploy;
    deploy.replace(deploy.find('?'), 1, value);
    auto request = request_of({"services: {web: {image: x, " + GetParam().key + ": " +
                               GetParam().own + ", deploy: " + deploy + "}}"});
    return load_from_sources(request).diagnostics.first_error();
  }
};

TEST_P(Trap73, WhatIsSaidTwiceMustBeTheSame) {
  EXPECT_NE(
      said_with(GetParam().other)
          .find("\"" + GetParam().key + "\" of service \"web\" differs from what deploy says"),
      std::string::npos);
  EXPECT_EQ(said_with(GetParam().own), "");
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Trap73,
    testing::Values(Twice{"scale", "2", "3", "{replicas: ?}"},
                    Twice{"cpus", "1.5", "2", "{resources: {limits: {cpus: ?}}}"},
                    Twice{"mem_limit", "1g", "2g", "{resources: {limits: {memory: ?}}}"},
                    Twice{"pids_limit", "1", "2", "{resources: {limits: {pids: ?}}}"},
                    Twice{"mem_reservation", "1g", "2g",
                          "{resources: {reservations: {memory: ?}}}"}),
    [](const auto& row) { return row.param.key; });

TEST(Trap73, AnotherSpellingOfTheSameIsTheSame) {
  EXPECT_EQ(web("mem_limit: 1g, deploy: {resources: {limits: {memory: 1024m}}}", "mem_limit"),
            "1073741824");
}

TEST(Trap74, CirclesAreFoundOverEveryKindOfDependency) {
  EXPECT_EQ(said_of({"services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, links: [c]}\n"
                     "  c: {image: x, volumes_from: [a]}\n"}),
            "4: services depend on one another: a -> b -> c -> a\n");
  auto request =
      request_of({"services:\n  a: {image: x, network_mode: 'service:b'}\n"
                  "  b: {image: x, depends_on: [a]}\n"});
  request.purpose = Purpose::show;
  EXPECT_EQ(load_from_sources(request).diagnostics.first_error(),
            "stack.yaml:3:30: error: services depend on one another: a -> b -> a");
}

TEST(Trap74, AServiceDoesNotDependOnItself) {
  EXPECT_EQ(said_of({"services: {a: {image: x, depends_on: [a]}}"}),
            "1: services depend on one another: a -> a\n");
}

TEST(Trap75, ADependencyMustExist) {
  EXPECT_EQ(said_of({"services: {web: {image: x, depends_on: [db]}}"}),
            "1: service \"web\" depends on \"db\", which does not exist\n");
}

TEST(Trap75, AnOptionalOneToo) {
  EXPECT_EQ(said_of({"services: {web: {image: x, depends_on: {db: {condition: service_started, "
                     "required: false}}}}"}),
            "1: service \"web\" depends on \"db\", which does not exist\n");
}

}  // namespace
}  // namespace stack::spec
