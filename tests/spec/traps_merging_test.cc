// SPDX-License-Identifier: Apache-2.0
// How a later file goes over an earlier one: rows 24 to 42 of the list of semantic traps,
// docs/compose-traps.md. TrapNN is the row's number there.
#include <gtest/gtest.h>

#include <algorithm>

#include "shown.h"

namespace stack::spec {
namespace {

// --- 24, 25: nothing as a value ------------------------------------------------------------------

TEST(Trap24, CommandsAreReplacedAsAWhole) {
  EXPECT_EQ(merged_web("command: [a, b]", "command: c", "command"), "[c]");
  EXPECT_EQ(merged_web("entrypoint: a b", "entrypoint: []", "entrypoint"), "[]");
  EXPECT_EQ(merged_web("healthcheck: {test: [CMD, a, b], interval: 5s}",
                       "healthcheck: {test: [CMD, c]}", "healthcheck"),
            "{test: [CMD, c], interval: 5s}");
}

TEST(Trap24, NothingBringsBackTheImagesCommand) {
  EXPECT_EQ(merged_web("command: a", "command: ", "command"), "absent");
  EXPECT_EQ(merged_web("entrypoint: a", "entrypoint: ", "entrypoint"), "absent");
}

TEST(Trap24, ButAHealthcheckNeedsItsTest) {
  EXPECT_EQ(said_of({"services: {web: {image: x, healthcheck: {test: a}}}",
                     "services: {web: {healthcheck: {test: }}}"}),
            "1: \"test\" of \"healthcheck\" of service \"web\" has no value\n");
}

TEST(Trap25, NothingLeavesOtherValuesAsTheyWere) {
  EXPECT_EQ(merged_web("user: u", "user: ", "user"), "u");
  EXPECT_EQ(merged_web("labels: {a: '1'}", "labels: ", "labels"), "{a: 1}");
  EXPECT_EQ(merged_web("logging: {driver: d}", "logging: ", "logging"), "{driver: d}");
  EXPECT_EQ(merged_web("healthcheck: {test: a, interval: 5s}", "healthcheck: {interval: }",
                       "healthcheck.interval"),
            "5s");
}

// --- 26: assignments -----------------------------------------------------------------------------

struct Assignments {
  std::string around;  ///< with "?" for the value
  std::string path;    ///< below service web
};

class Trap26 : public testing::TestWithParam<Assignments> {
 protected:
  std::string with(std::string value) const {
    auto text = GetParam().around;
    return text.replace(text.find('?'), 1, value);
  }
};

TEST_P(Trap26, ListsAndMappingsOfAssignmentsMergeByKeyAndTheLastWins) {
  const auto merged = merged_web(with("{a: '1', b: '1'}"), with("[b=2, c=2]"), GetParam().path);
  EXPECT_EQ(merged, "{a: 1, b: 2, c: 2}");
  EXPECT_EQ(merged_web(with("[a=1, b=1]"), with("{b: '2', c: '2'}"), GetParam().path), merged);
}

INSTANTIATE_TEST_SUITE_P(Keys, Trap26,
                         testing::Values(Assignments{"environment: ?", "environment"},
                                         Assignments{"labels: ?", "labels"},
                                         Assignments{"annotations: ?", "annotations"},
                                         Assignments{"sysctls: ?", "sysctls"},
                                         Assignments{"build: {context: ., args: ?}", "build.args"},
                                         Assignments{"build: {context: ., labels: ?}",
                                                     "build.labels"},
                                         Assignments{"deploy: {labels: ?}", "deploy.labels"}),
                         [](const auto& row) {
                           auto name = row.param.path;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(Trap26, LabelsOfNetworksAndVolumesMergeAlike) {
  const auto project = project_of(
      request_of({"services: {web: {image: x, networks: [n], volumes: ['vol:/v']}}\n"
                  "networks: {n: {labels: {a: '1', b: '1'}}}\nvolumes: {vol: {labels: [a=1, b=1]}}",
                  "networks: {n: {labels: [b=2]}}\nvolumes: {vol: {labels: {b: '2'}}}"}));
  const StringMap expected = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(project.networks.at("n").labels, expected);
  EXPECT_EQ(project.volumes.at("vol").labels, expected);
}

TEST(Trap26, AKeyWithoutValueTakesTheCallersInsteadOfTheEarlierOne) {
  auto request = request_of({"services: {web: {image: x, environment: {A: '1', B: '1'}}}",
                             "services: {web: {environment: [A, B]}}"});
  request.surroundings.variables = {{"A", "caller"}};
  EXPECT_EQ(project_of(request).services.at("web").environment,
            (Environment{{"A", "caller"}, {"B", std::nullopt}}));
}

TEST(Trap26, EmptyTextIsAValue) {
  EXPECT_EQ(merged_web("environment: {A: '1'}", "environment: {A: ''}", "environment"),
            "{A: \"\"}");
}

// --- 27, 28: names and mappings ------------------------------------------------------------------

const std::vector<std::string> kLosingACondition = {
    "services:\n  web: {image: x, depends_on: {db: {condition: service_healthy, restart: true,\n"
    "                                              required: false}}}\n  db: {image: y}\n",
    "services: {web: {depends_on: [db]}}"};

TEST(Trap27, AShortDependencyResetsTheConditionAndKeepsRestart) {
  EXPECT_EQ(shown_of_web(kLosingACondition, "depends_on"),
            "{db: {condition: service_started, restart: true, required: true}}");
}

TEST(Trap27, AndThatIsAWarning) {
  EXPECT_EQ(said_of(kLosingACondition),
            "1: \"db\" alone means service_started, in place of the service_healthy said before "
            "(write db: {condition: service_healthy} to keep it)\n");
}

TEST(Trap27, WhoSaysTheConditionIsNotWarned) {
  EXPECT_EQ(said_of({kLosingACondition[0],
                     "services: {web: {depends_on: {db: {condition: service_started}}}}"}),
            "");
}

TEST(Trap28, ABareNetworkKeepsTheAliasesSaidBefore) {
  const std::string top = "\nnetworks: {n: , m: }";
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, networks: {n: {aliases: [z]}}}}" + top,
                          "services: {web: {networks: [n, m]}}"},
                         "networks"),
            "{n: {aliases: [z]}, m: null}");
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, networks: [n]}}" + top,
                          "services: {web: {networks: {n: {aliases: [z]}}}}"},
                         "networks"),
            "{n: {aliases: [z]}}");
}

TEST(Trap28, ABareModelKeepsItsVariables) {
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, models: {m: {model_var: M}}}}\n"
                          "models: {m: {model: a}, n: {model: b}}",
                          "services: {web: {models: [m, n]}}"},
                         "models"),
            "{m: {model_var: M}, n: null}");
}

// --- 29 to 32: lists with an identity ------------------------------------------------------------

/// The ports of web in short notation.
std::string ports(const std::string& base, const std::string& over) {
  std::string text;
  const auto project = project_of(request_of({"services: {web: {image: x, ports: " + base + "}}",
                                              "services: {web: {ports: " + over + "}}"}));
  for (const auto& port : project.services.at("web").ports) {
    text += (port.host_ip.empty() ? "" : port.host_ip + ":") +
            (port.published ? std::to_string(*port.published) + ":" : "") +
            std::to_string(port.target) + "/" + port.protocol + " " + port.mode + ", ";
  }
  return text;
}

TEST(Trap29, APortIsItsAddressItsTwoNumbersAndItsProtocol) {
  EXPECT_EQ(ports("['8080:80', '0.0.0.0:81:81', '82']", "['8081:80', '81:81', '82', '82/udp']"),
            "8080:80/tcp ingress, 81:81/tcp ingress, 82/tcp ingress, 8081:80/tcp ingress, "
            "82/udp ingress, ");
}

TEST(Trap29, TheSamePortIsReplacedInItsPlace) {
  EXPECT_EQ(ports("['80:80', '81:81']", "[{target: 80, published: '80', mode: host}]"),
            "80:80/tcp host, 81:81/tcp ingress, ");
}

TEST(Trap30, AMountReplacesTheOneAtItsTargetAsAWhole) {
  EXPECT_EQ(merged_web("volumes: ['./a:/x:ro', './b:/y']",
                       "volumes: [{type: bind, source: ./c, target: /x/}, '/z']", "volumes"),
            "[{type: bind, source: /project/c, target: /x}, "
            "{type: bind, source: /project/b, target: /y, bind: {create_host_path: true}}, "
            "{type: volume, target: /z}]");
}

TEST(Trap31, ADeviceReplacesTheOneAtItsPathInTheContainer) {
  EXPECT_EQ(
      merged_web("devices: ['/dev/a:/dev/x', '/dev/b']", "devices: ['/dev/c:/dev/x:r']", "devices"),
      "[{source: /dev/c, target: /dev/x, permissions: r}, "
      "{source: /dev/b, target: /dev/b, permissions: rwm}]");
}

/// `references` of web over `base`, both lists of `section` ("secrets"); s, t and x are defined.
std::string files(const std::string& section, const std::string& base, const std::string& over) {
  return shown_of_web({"services: {web: {image: x, " + section + ": " + base + "}}\n" + section +
                           ": {s: {file: s}, t: {file: t}, x: {file: x}}",
                       "services: {web: {" + section + ": " + over + "}}"},
                      section);
}

TEST(Trap32, ASecretReplacesTheOneAtItsTarget) {
  EXPECT_EQ(files("secrets", "[s]", "[{source: t, target: /run/secrets/s}]"),
            "[{source: t, target: /run/secrets/s}]");
}

TEST(Trap32, ARelativeTargetOfASecretIsAnotherThanTheShortOne) {
  EXPECT_EQ(files("secrets", "[{source: t, target: x}]", "[x]"),
            "[{source: t, target: x}, {source: x, target: /run/secrets/x}]");
}

TEST(Trap32, AConfigStandsAtTheRootUnlessItSaysMore) {
  EXPECT_EQ(files("configs", "[s, {source: t, target: /e}]",
                  "[{source: t, target: /s}, {source: s, target: /e, mode: 0444}]"),
            "[{source: t, target: /s}, {source: s, target: /e, mode: 0444}]");
}

// --- 33, 34, 39: lists of text -------------------------------------------------------------------

class Trap33 : public testing::TestWithParam<const char*> {};

TEST_P(Trap33, ListsOfTextAddUpWithoutDoubles) {
  const std::string key = GetParam();
  EXPECT_EQ(merged_web(key + ": [SYS_TIME, KILL]", key + ": [KILL, CHOWN]", key),
            "[SYS_TIME, KILL, CHOWN]");
}

INSTANTIATE_TEST_SUITE_P(Keys, Trap33,
                         testing::Values("dns", "dns_search", "dns_opt", "cap_add", "cap_drop",
                                         "tmpfs", "security_opt", "group_add", "external_links",
                                         "device_cgroup_rules"),
                         [](const auto& row) { return std::string(row.param); });

TEST(Trap33, SoDoThoseWithNamesInThem) {
  EXPECT_EQ(merged_web("expose: [80]", "expose: ['80', 81]", "expose"), "[80, 81]");
  EXPECT_EQ(merged_web("build: {context: ., tags: [a]}", "build: {tags: [a, b]}", "build.tags"),
            "[a, b]");
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, links: [db]}, db: {image: x}}",
                          "services: {web: {links: [db, 'db:other']}}"},
                         "links"),
            "[db, db:other]");
  EXPECT_EQ(merged_web("networks: {default: {aliases: [a], link_local_ips: [169.254.8.8]}}",
                       "networks: {default: {aliases: [a, b], link_local_ips: [169.254.8.8]}}",
                       "networks"),
            "{default: {aliases: [a, b], link_local_ips: [169.254.8.8]}}");
  auto request = request_of(
      {"services: {web: {image: x, profiles: [p]}}", "services: {web: {profiles: [p, q]}}"});
  request.profiles = {"p"};
  EXPECT_EQ(project_of(request).services.at("web").profiles, (Strings{"p", "q"}));
}

TEST(Trap33, WhatStandsBeforeTheEqualsSignIsTheSame) {
  EXPECT_EQ(merged_web("tmpfs: ['/run:mode=1']", "tmpfs: ['/run:mode=2']", "tmpfs"),
            "[/run:mode=2]");
}

TEST(Trap33, SoADirectoryWithAndOneWithoutOptionsAreTwoAndRefused) {
  EXPECT_EQ(said_of({"services: {web: {image: x, tmpfs: [/tmp]}}",
                     "services: {web: {tmpfs: ['/tmp:size=1m']}}"}),
            "1: \"/tmp\" is mounted twice in service \"web\" (first at line 1)\n");
}

TEST(Trap34, AHostMayHaveSeveralAddressesButNoneTwice) {
  EXPECT_EQ(merged_web("extra_hosts: ['h:1.1.1.1', 'g=1.1.1.2']",
                       "extra_hosts: {h: 1.1.1.3, g: 1.1.1.2}", "extra_hosts"),
            "[h=1.1.1.1, g=1.1.1.2, h=1.1.1.3]");
}

TEST(Trap39, HooksAndWatchesAreAppendedDoublesOrNot) {
  for (const std::string key : {"post_start", "pre_stop"}) {
    EXPECT_EQ(merged_web(key + ": [{command: a}]", key + ": [{command: a}]", key),
              "[{command: [a]}, {command: [a]}]");
  }
  const std::string watch = "develop: {watch: [{path: /a, action: rebuild}]}";
  EXPECT_EQ(merged_web(watch, watch, "develop.watch"),
            "[{path: /a, action: rebuild}, {path: /a, action: rebuild}]");
}

TEST(Trap39, OptionsWithOneNameAndTwoValuesBothStay) {
  EXPECT_EQ(merged_web("security_opt: ['label=user:a']", "security_opt: ['label=role:b']",
                       "security_opt"),
            "[label=user:a, label=role:b]");
}

// --- 35, 36, 37, 38: objects ---------------------------------------------------------------------

TEST(Trap35, OptionsOfLoggingMergeForOneDriverOnly) {
  const std::string base = "logging: {driver: d, options: {a: '1', b: '1'}}";
  EXPECT_EQ(merged_web(base, "logging: {driver: d, options: {a: '2'}}", "logging"),
            "{driver: d, options: {a: 2, b: 1}}");
  EXPECT_EQ(merged_web(base, "logging: {options: {a: '2'}}", "logging"),
            "{driver: d, options: {a: 2, b: 1}}");
  EXPECT_EQ(merged_web(base, "logging: {driver: e, options: {a: '2'}}", "logging"),
            "{driver: e, options: {a: 2}}");
  EXPECT_EQ(merged_web("logging: {options: {a: '1'}}", "logging: {driver: e}", "logging"),
            "{options: {a: 1}, driver: e}");
}

TEST(Trap36, SoftAndHardLimitsMerge) {
  EXPECT_EQ(merged_web("ulimits: {nofile: {soft: 1, hard: 9}}", "ulimits: {nofile: {soft: 2}}",
                       "ulimits"),
            "{nofile: {soft: 2, hard: 9}}");
}

TEST(Trap36, ASingleLimitReplacesBothAndBothReplaceIt) {
  EXPECT_EQ(merged_web("ulimits: {nofile: {soft: 1, hard: 9}}", "ulimits: {nofile: 5, nproc: 6}",
                       "ulimits"),
            "{nofile: 5, nproc: 6}");
  EXPECT_EQ(merged_web("ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 1, hard: 9}}", "ulimits"),
            "{nofile: {soft: 1, hard: 9}}");
}

TEST(Trap36, InTheEndBothMustBeThere) {
  EXPECT_EQ(said_of({"services:\n  web:\n    image: x\n    ulimits:\n      nofile: {soft: 1}\n"}),
            "5: ulimit \"nofile\" needs \"hard\"\n");
}

/// The subnets of network n.
std::string subnets(const std::string& base, const std::string& over) {
  const auto text = [](const std::string& config) {
    return "services: {web: {image: x, networks: [n]}}\nnetworks: {n: {ipam: {config: " + config +
           "}}}";
  };
  return shown(project_of(request_of({text(base), text(over)})), "networks.n.ipam.config");
}

TEST(Trap37, AnAddressRangeIsCompletedBySubnet) {
  EXPECT_EQ(subnets("[{subnet: 10.1.0.0/24, gateway: 10.1.0.1, aux_addresses: {a: 10.1.0.2}}]",
                    "[{subnet: 10.1.0.0/24, ip_range: 10.1.0.128/25,\n"
                    "  aux_addresses: {b: 10.1.0.3}}, {subnet: 10.2.0.0/24}]"),
            "[{subnet: 10.1.0.0/24, gateway: 10.1.0.1, "
            "aux_addresses: {a: 10.1.0.2, b: 10.1.0.3}, ip_range: 10.1.0.128/25}, "
            "{subnet: 10.2.0.0/24}]");
}

TEST(Trap37, ASubnetThatTheLaterFileDoesNotNameIsGone) {
  EXPECT_EQ(subnets("[{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]", "[{subnet: 10.2.0.0/24}]"),
            "[{subnet: 10.2.0.0/24}]");
}

TEST(Trap38, ABuildThatIsAPathIsItsContext) {
  EXPECT_EQ(merged_web("build: ./a", "build: {dockerfile: D}", "build"),
            "{context: /project/a, dockerfile: D}");
  EXPECT_EQ(merged_web("build: {context: ./a, dockerfile: D}", "build: ./b", "build"),
            "{context: /project/b, dockerfile: D}");
}

// --- 40: what cannot meet ------------------------------------------------------------------------

TEST(Trap40, AMappingDoesNotGoOverAList) {
  const auto said =
      said_of({"services: {web: {image: x, x-own: [a]}}", "services: {web: {x-own: {b: c}}}"});
  EXPECT_EQ(said, "1: a mapping cannot override a list: \"x-own\"\n");
}

TEST(Trap40, AKeyOfTheWrongKindIsRefusedAsSuch) {
  EXPECT_EQ(said_of({"services: {web: {image: x, ports: ['80:80']}}",
                     "services: {web: {ports: {a: b}}}"}),
            "1: \"ports\" of service \"web\" must be a list, not a mapping\n"
            "1: a mapping cannot override a list: \"ports\"\n");
}

// --- 41, 42: tags --------------------------------------------------------------------------------

TEST(Trap41, ResetRemovesWhatEarlierFilesSaid) {
  EXPECT_EQ(merged_web("ports: ['80:80'], labels: {a: '1', b: '1'}, user: u",
                       "ports: !reset [], labels: {a: !reset null}, user: !reset x", "labels"),
            "{b: 1}");
  EXPECT_EQ(merged_web("user: u", "user: !reset x", "user"), "absent");
  EXPECT_EQ(merged_web("logging: {driver: json-file, options: {max-size: 1m}}",
                       "logging: {driver: !reset null}", "logging"),
            "{options: {max-size: 1m}}");
  EXPECT_EQ(merged_web("ports: ['80:80']", "ports: !reset ['81:81']", "ports"), "absent");
}

TEST(Trap41, OverrideReplacesWithoutMerging) {
  EXPECT_EQ(merged_web("environment: {A: '1'}", "environment: !override {B: '2'}", "environment"),
            "{B: 2}");
  EXPECT_EQ(merged_web("ports: ['80:80']", "ports: !override ['81:81']", "ports"),
            "[{mode: ingress, target: 81, published: 81, protocol: tcp}]");
}

TEST(Trap41, AWholeServiceCanGo) {
  const auto project = project_of(
      request_of({"services: {web: {image: x}, db: {image: x}}", "services: {db: !reset null}"}));
  EXPECT_EQ(project.services.size(), 1U);
}

TEST(Trap41, TagsWorkThroughAliasesAndMergeKeys) {
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, labels: {a: '1'}, user: u}}",
                          "x-gone: &gone !reset null\nservices: {web: {labels: *gone}}"},
                         "labels"),
            "absent");
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, labels: {a: '1'}, user: u}}",
                          "x-base: &base {user: !reset null}\nservices: {web: {<<: *base}}"},
                         "user"),
            "absent");
}

TEST(Trap41, AndWhereAServiceExtendsAnother) {
  const std::string base = "  base: {image: x, ports: ['80:80'], user: u}\n";
  EXPECT_EQ(
      shown_of_web({"services:\n" + base + "  web: {extends: base, user: !reset null}"}, "user"),
      "absent");
  EXPECT_EQ(shown_of_web({"services:\n" + base + "  web: {extends: base, ports: !override ['81']}"},
                         "ports"),
            "[{mode: ingress, target: 81, protocol: tcp}]");
}

TEST(Trap41, AListItemWithResetIsNotAdded) {
  EXPECT_EQ(merged_web("dns: [1.1.1.1]", "dns: [!reset 1.1.1.1, 8.8.8.8]", "dns"),
            "[1.1.1.1, 8.8.8.8]");
}

TEST(Trap42, InTheFirstFileResetOnlyLeavesOut) {
  EXPECT_EQ(web("user: !reset u, labels: !override {a: '1'}", "labels"), "{a: 1}");
  EXPECT_EQ(web("user: !reset u", "user"), "absent");
  EXPECT_EQ(web("ports: !reset ['80:80']", "ports"), "absent");
  EXPECT_EQ(web("dns: [!reset 1.1.1.1, 8.8.8.8]", "dns"), "[8.8.8.8]");
}

}  // namespace
}  // namespace stack::spec
