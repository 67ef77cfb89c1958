// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/render.h"

namespace stack::spec {
namespace {

using namespace std::chrono_literals;

TEST(Load, ATypicalServiceBecomesAPlainStruct) {
  const auto web = service_of(R"(    command: nginx -g "daemon off;"
    entrypoint: []
    user: www
    hostname: box
    restart: on-failure:3
    stop_signal: quit
    stop_grace_period: 1m30s
    init: true
    cap_add: [cap_net_admin, SYS_TIME]
    mem_limit: 512m
    cpus: "1.5"
    pids_limit: -1
    expose: [80, "90/udp"]
    labels: [a=1, b]
)");
  EXPECT_EQ(web.command, (Strings{"nginx", "-g", "daemon off;"}));
  EXPECT_EQ(web.entrypoint, Strings{});
  EXPECT_EQ(web.user, "www");
  EXPECT_EQ(web.restart, (RestartPolicy{RestartPolicy::Kind::on_failure, 3}));
  EXPECT_EQ(web.stop_signal, "SIGQUIT");
  EXPECT_EQ(web.stop_grace_period, 90s);
  EXPECT_EQ(web.init, true);
  EXPECT_EQ(web.cap_add, (Strings{"NET_ADMIN", "SYS_TIME"}));
  EXPECT_EQ(web.mem_limit, 512ULL << 20);
  EXPECT_EQ(web.cpus, 1.5);
  EXPECT_EQ(web.pids_limit, -1);
  EXPECT_EQ(web.expose, (Strings{"80", "90/udp"}));
  EXPECT_EQ(web.labels, (StringMap{{"a", "1"}, {"b", ""}}));
}

TEST(Load, RestartNoIsTheWordAndNotTheBoolean) {
  EXPECT_EQ(service_of("    restart: no\n").restart.kind, RestartPolicy::Kind::no);
  EXPECT_FALSE(load_text("services: {web: {image: x, restart: false}}").project);
  EXPECT_EQ(service_of("    restart: always\n").restart.kind, RestartPolicy::Kind::always);
  const auto deployed = service_of(
      "    deploy: {restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: "
      "2m}}\n");
  EXPECT_EQ(deployed.restart, (RestartPolicy{RestartPolicy::Kind::on_failure, 3,
                                             std::chrono::seconds(5), std::chrono::minutes(2)}));
}

TEST(Load, MountsComeFromShortLongAndTmpfs) {
  const auto project = project_of(R"(services:
  web:
    image: x
    volumes:
      - data:/data:ro
      - ./conf:/etc/conf
      - /cache
      - {type: tmpfs, target: /scratch, tmpfs: {size: 1m, mode: 0700}}
      - {type: volume, source: data, target: /again, volume: {nocopy: true, subpath: a}}
    tmpfs: /run:noexec,size=64m
volumes:
  data:
)");
  const auto& mounts = project.services.at("web").volumes;
  ASSERT_EQ(mounts.size(), 6U);
  EXPECT_EQ(mounts[0].source, "data");
  EXPECT_EQ(mounts[0].access, Access::read_only);
  EXPECT_EQ(mounts[1].type, MountType::bind);
  EXPECT_EQ(mounts[1].source, "/project/conf");
  EXPECT_EQ(mounts[2].source, "");
  EXPECT_EQ(mounts[3].tmpfs_size, 1U << 20);
  EXPECT_EQ(mounts[3].tmpfs_mode, 0700U);
  EXPECT_TRUE(mounts[4].nocopy);
  EXPECT_EQ(mounts[4].subpath, "a");
  EXPECT_EQ(mounts[5].target, "/run");
  EXPECT_EQ(mounts[5].tmpfs_options, Strings{"noexec"});
  EXPECT_EQ(project.volumes.at("data").name, "project_data");
}

TEST(Load, PortsComeFromShortAndLong) {
  const auto web = service_of(R"(    ports:
      - 8080:80
      - 22:22
      - 127.0.0.1:53:53/udp
      - 8000-8010:81
      - {target: 90, published: "9090", name: admin}
      - 70
)");
  ASSERT_EQ(web.ports.size(), 6U);
  EXPECT_EQ(web.ports[0].published, 8080);
  EXPECT_EQ(web.ports[1].target, 22);
  EXPECT_EQ(web.ports[2].protocol, "udp");
  EXPECT_EQ(web.ports[2].host_ip, "127.0.0.1");
  EXPECT_EQ(web.ports[3].published, 8000);
  EXPECT_EQ(web.ports[3].published_last, 8010);
  EXPECT_EQ(web.ports[4].name, "admin");
  EXPECT_EQ(web.ports[5].published, std::nullopt);
}

TEST(Load, AHealthcheckKeepsComposeForms) {
  const auto web = service_of(R"(    healthcheck:
      test: curl localhost
      interval: 10s
      retries: 5
)");
  ASSERT_TRUE(web.healthcheck);
  EXPECT_EQ(web.healthcheck->test, (Strings{"CMD-SHELL", "curl localhost"}));
  EXPECT_EQ(web.healthcheck->interval, 10s);
  EXPECT_EQ(web.healthcheck->retries, 5U);
  EXPECT_EQ(web.healthcheck->timeout, std::nullopt);
}

TEST(Load, LinksAndVolumesFromImplyDependencies) {
  const auto project = project_of(R"(services:
  web: {image: x, links: ["db:database"], volumes_from: ["data:ro", "container:other"]}
  db: {image: x}
  data: {image: x}
)");
  const auto& web = project.services.at("web");
  EXPECT_TRUE(web.depends_on.at("db").restart);
  EXPECT_FALSE(web.depends_on.at("data").restart);
  EXPECT_EQ(web.links, (std::vector<Link>{{"db", "database"}}));
  EXPECT_EQ(web.volumes_from[0].access, Access::read_only);
  EXPECT_EQ(web.volumes_from[1].kind, VolumesFrom::Kind::container);
}

TEST(Load, AnExplicitDependencyWinsOverAnImpliedOne) {
  const auto project = project_of(R"(services:
  web: {image: x, links: [db], depends_on: {db: {condition: service_healthy}}}
  db: {image: x}
)");
  const auto& dependency = project.services.at("web").depends_on.at("db");
  EXPECT_EQ(dependency.condition, Condition::service_healthy);
  EXPECT_FALSE(dependency.restart);
}

TEST(Load, OnlyUsedResourcesRemainAndEachHasItsName) {
  const auto project = project_of(R"(name: shop
services:
  web: {image: x, networks: [front]}
  db: {image: x}
networks:
  front: {internal: true, ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}}
  back:
  outside: {external: true}
)");
  ASSERT_EQ(project.networks.size(), 2U);
  EXPECT_EQ(project.networks.at("front").name, "shop_front");
  EXPECT_EQ(project.networks.at("front").ipam[0].gateway, "10.9.0.1");
  EXPECT_TRUE(project.networks.at("front").internal);
  EXPECT_EQ(project.networks.at("default").name, "shop_default");
}

TEST(Load, NetworkModeJoinsNoNetwork) {
  const auto project = project_of("services:\n  web: {image: x, network_mode: none}\n");
  EXPECT_TRUE(project.networks.empty());
  EXPECT_TRUE(project.services.at("web").networks.empty());
}

TEST(Load, EnvironmentWinsOverEnvFilesAndBareKeysTakeTheCallers) {
  auto request = request_of(
      {R"(services:
  web:
    image: x
    env_file: [a.env, {path: missing.env, required: false}, {path: raw.env, format: raw}]
    environment: {A: own, FROM_CALLER: , UNSET: }
)"},
      {{"/project/a.env", "A=file\nB=file\nC=${A}-$OUTER\n"}, {"/project/raw.env", "B='raw'\n"}});
  request.surroundings.variables = {{"FROM_CALLER", "yes"}, {"OUTER", "out"}};
  const auto web = project_of(request).services.at("web");
  const Environment expected = {{"A", "own"},
                                {"B", "'raw'"},
                                {"C", "own-out"},
                                {"FROM_CALLER", "yes"},
                                {"UNSET", std::nullopt}};
  EXPECT_EQ(web.environment, expected);
}

TEST(Load, AVariableOfAnEnvFileIsAtItsLineThere) {
  auto request = request_of(
      {"services:\n  web:\n    image: x\n    env_file: [a.env, b.env]\n"},
      {{"/project/a.env", "# first\n\nA=file\nB=file\n"}, {"/project/b.env", "B=later\n"}});
  const Project project = project_of(request);
  EXPECT_EQ(to_text(*project.sources.find("services.web.environment.A")), "a.env:3:1");
  EXPECT_EQ(to_text(*project.sources.find("services.web.environment.B")), "b.env:1:1");
  EXPECT_EQ(to_text(*project.sources.find_exactly("services.web.environment.B")), "b.env:1:1");
  EXPECT_EQ(project.sources.find_exactly("services.web.environment.C"), std::nullopt);
}

TEST(Load, AMissingEnvFileIsAnErrorAtItsLine) {
  EXPECT_EQ(messages_of(load_text("services:\n  web:\n    image: x\n    env_file: no.env\n")),
            "4: env file \"no.env\" not found\n");
}

TEST(Load, ProfilesSwitchServicesOnByFlagOrByName) {
  const std::string text = R"(services:
  web: {image: x}
  debug: {image: x, profiles: [tools]}
)";
  auto request = request_of({text});
  EXPECT_EQ(project_of(request).services.size(), 1U);
  request.profiles = {"tools"};
  EXPECT_EQ(project_of(request).services.size(), 2U);
  request.profiles = {"*"};
  EXPECT_EQ(project_of(request).services.size(), 2U);
  request.profiles = {};
  request.services = {"debug"};
  EXPECT_EQ(project_of(request).services.size(), 2U);
}

TEST(Load, AnInactiveDependencyIsAnErrorUnlessOptional) {
  const auto text = [](std::string_view required) {
    return "services:\n  web:\n    image: x\n    depends_on: {debug: {condition: service_started, "
           "required: " +
           std::string(required) + "}}\n  debug: {image: x, profiles: [tools]}\n";
  };
  EXPECT_EQ(messages_of(load_text(text("true"))),
            "4: service \"web\" depends on \"debug\", which belongs to a profile that is not "
            "active (activate it with --profile, or say required: false)\n");
  EXPECT_TRUE(project_of(text("false")).services.at("web").depends_on.empty());
}

TEST(Load, MergeKeysAndAnchorsWorkAndOwnKeysWin) {
  const auto project = project_of(R"(x-base: &base
  image: base
  labels: {a: "1"}
x-other: &other {image: other, user: u}
services:
  web:
    <<: [*base, *other]
    image: own
)");
  const auto& web = project.services.at("web");
  EXPECT_EQ(web.image, "own");
  EXPECT_EQ(web.user, "u");
  EXPECT_EQ(web.labels.at("a"), "1");
}

TEST(Load, PlacesOfValuesAreKeptForLaterMessages) {
  const auto project = project_of("services:\n  web:\n    image: x\n    ports:\n      - 8080:80\n");
  EXPECT_EQ(to_text(*project.sources.find("services.web.ports.0")), "stack.yaml:5:9");
  EXPECT_EQ(to_text(*project.sources.find("services.web.image")), "stack.yaml:3:12");
  EXPECT_EQ(to_text(*project.sources.find("services.web.nothing.here")), "stack.yaml:2:3");
  EXPECT_EQ(project.sources.find("nothing"), std::nullopt);
}

TEST(Load, PlacesOfKeysWithDotsAreFound) {
  const auto project = project_of(
      "services:\n  web:\n    image: x\n    labels:\n      a: '1'\n      a.b: '2'\n      a.b.c: "
      "'3'\n");
  EXPECT_EQ(to_text(*project.sources.find("services.web.labels.a")), "stack.yaml:5:10");
  EXPECT_EQ(to_text(*project.sources.find("services.web.labels.a.b")), "stack.yaml:6:12");
  EXPECT_EQ(to_text(*project.sources.find("services.web.labels.a.b.c")), "stack.yaml:7:14");
}

TEST(Load, WhatIsAboutOtherMachinesIsNothingToWarnOf) {
  EXPECT_EQ(messages_of(load_text(
                "services:\n  web:\n    image: x\n    volumes: ['./a:/a:z']\n    deploy:\n"
                "      placement: {constraints: [node.role == worker], max_replicas_per_node: 1}\n"
                "      resources: {reservations: {cpus: '0.5', memory: 64M}}\n")),
            "");
}

TEST(Load, KeysWithoutEffectAreWarningsAndHarmfulOnesErrors) {
  EXPECT_EQ(messages_of(load_text("services:\n  web:\n    image: x\n    use_api_socket: true\n")),
            "4: \"use_api_socket\" of service \"web\" is known but has no effect yet\n");
  EXPECT_EQ(
      messages_of(load_text(
          "services:\n  web:\n    image: x\n    models: {llm: {}}\nmodels: {llm: {model: m}}\n")),
      "4: \"models\" of service \"web\" is not supported yet\n"
      "5: \"model\" of model \"llm\" is known but has no effect yet\n");
  EXPECT_EQ(messages_of(load_text("services:\n  web:\n    build: {context: ., sbom: true}\n")),
            "3: \"sbom\" of \"build\" of service \"web\" is known but has no effect yet\n");
  EXPECT_EQ(messages_of(load_text("version: '3'\nservices:\n  web: {image: x, x-mine: 1}\n")),
            "1: \"version\" is obsolete and ignored (remove this line)\n");
}

TEST(Load, ModesOfDeployAreWhatTheyAreOnOneMachine) {
  const auto said = [](const std::string& deploy) {
    return messages_of(
        load_text("services:\n  web:\n    image: x\n    deploy: {" + deploy + "}\n"));
  };
  for (const char* mode : {"replicated", "global", "replicated-job", "global-job"})
    EXPECT_EQ(said(std::string("mode: ") + mode), "") << mode;
  EXPECT_EQ(said("mode: everywhere"),
            "4: \"mode\" \"everywhere\" of \"deploy\" is not known: replicated, global, "
            "replicated-job or global-job\n");
  EXPECT_EQ(said("endpoint_mode: dnsrr"), "");
  EXPECT_EQ(said("endpoint_mode: vip"), "");
  EXPECT_EQ(said("endpoint_mode: lvs"),
            "4: \"endpoint_mode\" \"lvs\" of \"deploy\" is not known, and has no effect\n");
}

TEST(Load, RuntimesWithTheSameWallsAreOursAndOthersAreRefused) {
  const auto said = [](const std::string& runtime) {
    return messages_of(
        load_text("services:\n  web:\n    image: x\n    runtime: " + runtime + "\n"));
  };
  for (const char* own : {"native", "runc", "crun", "io.containerd.runc.v2", "''"})
    EXPECT_EQ(said(own), "") << own;
  EXPECT_NE(said("runsc").find("4: service \"web\": runtime \"runsc\" is not supported yet"),
            std::string::npos)
      << said("runsc");
  EXPECT_NE(said("nvidia").find("`gpus: all`"), std::string::npos) << said("nvidia");
}

TEST(Load, TheSizeOfTheRootIsASize) {
  EXPECT_EQ(project_of("services: {web: {image: x, storage_opt: {size: 1.5g}}}")
                .services["web"]
                .storage_size,
            3U << 29);
  EXPECT_EQ(
      messages_of(load_text("services:\n  web:\n    image: x\n    storage_opt: {size: big}\n")),
      "4: \"big\" is not a size: \"storage_opt\" of service \"web\"\n");
  EXPECT_EQ(
      messages_of(load_text("services:\n  web:\n    image: x\n    storage_opt: {sise: 1g}\n")),
      "4: \"sise\" is no option of the storage: \"storage_opt\" of service \"web\" (there is "
      "`size`)\n");
}

TEST(Load, PreparationsOfAServiceAreRead) {
  const auto project = project_of(R"(services:
  web:
    image: x
    pre_start:
      - {command: migrate --all, image: tools, user: root, environment: [A=1]}
      - {command: [seed], per_replica: true, privileged: true, working_dir: /srv}
)");
  const auto& steps = project.services.at("web").pre_start;
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].run.command, (Strings{"migrate", "--all"}));
  EXPECT_EQ(steps[0].image, "tools");
  EXPECT_EQ(steps[0].run.user, "root");
  EXPECT_EQ(steps[0].run.environment, (Environment{{"A", "1"}}));
  EXPECT_FALSE(steps[0].per_replica);
  EXPECT_TRUE(steps[1].per_replica);
  EXPECT_TRUE(steps[1].run.privileged);
  EXPECT_EQ(steps[1].run.working_dir, "/srv");
}

TEST(Load, ADeviceWithANameIsOneWordWhateverItsColons) {
  const auto devices =
      project_of("services: {web: {image: x, devices: ['a.com/b=c:1', '/dev/x:/dev/y:r']}}")
          .services["web"]
          .devices;
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].source, "a.com/b=c:1");
  EXPECT_EQ(devices[1].target, "/dev/y");
}

TEST(Load, RequestsForDevicesKnowWhereTheyStand) {
  const auto requests = project_of(R"(services:
  web:
    image: x
    gpus: all
    deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 2}]}}}
)")
                            .services["web"]
                            .device_requests;
  ASSERT_EQ(requests.size(), 2U);
  for (const auto& request : requests) EXPECT_EQ(request.reserved, request.count == 2);
}

/// Files are called after them.
TEST(Load, NamesThatAreNoneAreFound) {
  EXPECT_EQ(
      messages_of(load_text(R"(services:
  a:
    image: x
    container_name: ../../evil
    networks: [n, m]
    volumes: ["vol:/v"]
networks:
  n: {name: ../../../target}
  m: {name: "a b", external: true}
volumes:
  vol: {name: a/b}
)")),
      "4: \"../../evil\" is no name for a container (a letter or digit first, then letters, "
      "digits, _ . -)\n"
      "8: \"../../../target\" is no name for a network (a letter or digit first, then letters, "
      "digits, _ . -)\n"
      "9: \"a b\" is no name for a network (a letter or digit first, then letters, digits, _ . "
      "-)\n"
      "11: \"a/b\" is no name for a volume (a letter or digit first, then letters, digits, _ . "
      "-)\n");
}

TEST(Load, RulesForWatchingHaveAnEffect) {
  EXPECT_EQ(messages_of(load_text(R"(services:
  a:
    image: x
    develop: {watch: [{path: ., action: restart}]}
)")),
            "");
}

TEST(Load, MountsBelowThatShouldStayWritableAreTold) {
  EXPECT_EQ(messages_of(load_text(R"(services:
  a:
    image: x
    volumes: [{type: bind, source: /a, target: /a, read_only: true, bind: {recursive: writable}}]
)")),
            "4: \"writable\" has no effect yet: what is mounted below is read-only, too\n");
}

TEST(Load, ServicesOfOtherProfilesAreKnown) {
  const auto project = load_text(R"(services:
  a: {image: x}
  b: {image: x, profiles: [more]}
)")
                           .project;
  ASSERT_TRUE(project);
  EXPECT_FALSE(project->services.contains("b"));
  EXPECT_EQ(project->inactive_services, std::set<std::string>{"b"});
}

TEST(Load, MistakesBetweenServicesAreFound) {
  EXPECT_EQ(messages_of(load_text(R"(services:
  a:
    image: x
    ports: ["8080:80"]
    container_name: one
  b:
    image: x
    ports: ["8080:81"]
    container_name: one
  c:
    image: x
    volumes: [/data, /data/]
  d:
    image: x
    scale: 2
    container_name: two
    ports: ["9090:80"]
)")),
            "8: host port 8080 is already taken by service \"a\" (line 4)\n"
            "9: container name \"one\" is taken twice (first at line 5)\n"
            "16: container name \"two\" cannot be given to 2 containers (leave container_name "
            "out)\n"
            "17: host port 9090 cannot be published by 2 containers of service \"d\" (leave the "
            "host port out, or give a range)\n");
  EXPECT_EQ(
      messages_of(load_text(
          "services:\n  a:\n    image: x\n    volumes:\n      - ./a:/data\n      - ./b:/data\n")),
      "6: \"/data\" is mounted twice in this service (first at line 5)\n");
}

TEST(Load, OnePortOnTwoAddressesIsNoClash) {
  EXPECT_EQ(messages_of(load_text(R"(services:
  a: {image: x, ports: ["127.0.0.1:80:80", "127.0.0.2:80:80", "80:80/udp"]}
)")),
            "");
}

TEST(Load, ValuesWithoutTextAndNumbersForTextAreRefused) {
  EXPECT_EQ(
      messages_of(load_text("services:\n  web:\n    image: x\n    environment:\n    user: 1000\n")),
      "4: \"environment\" of service \"web\" has no value\n"
      "5: \"user\" of service \"web\" must be text, not a number (1000) (put it in quotes)\n");
}

TEST(Load, ANameIsMadeFromTheFolderOrTheFile) {
  EXPECT_EQ(project_of("services: {a: {image: x}}").name, "project");
  EXPECT_EQ(project_of("name: My Shop\nservices: {a: {image: x}}").name, "myshop");
  EXPECT_EQ(normalized_name("_-My.Shop_1"), "myshop_1");
  EXPECT_FALSE(is_project_name("My"));
}

// --- several files -------------------------------------------------------------------------------

Service merged(const std::string& base, const std::string& over) {
  const std::string head = "services:\n  web:\n    image: x\n";
  return project_of(request_of({head + base, "services:\n  web:\n" + over})).services.at("web");
}

TEST(Merge, ListsAndMappingsOfAssignmentsMergeByKey) {
  const auto web = merged("    environment: {A: 1, B: 1}\n", "    environment: [B=2, C=2]\n");
  EXPECT_EQ(web.environment, (Environment{{"A", "1"}, {"B", "2"}, {"C", "2"}}));
}

TEST(Merge, CommandsAreReplacedEvenByNothing) {
  EXPECT_EQ(merged("    command: a b\n", "    command: c\n").command, Strings{"c"});
  EXPECT_EQ(merged("    command: a b\n", "    command:\n").command, std::nullopt);
  EXPECT_EQ(merged("    user: a\n", "    user:\n").user, "a");
}

TEST(Merge, PortsAddUpAndVolumesReplaceByTarget) {
  const auto web = merged("    ports: ['80:80', '81:81']\n    volumes: [./a:/x, ./b:/y]\n",
                          "    ports: ['82:80', '81:81']\n    volumes: ['./c:/x:ro']\n");
  EXPECT_EQ(web.ports.size(), 3U);
  ASSERT_EQ(web.volumes.size(), 2U);
  EXPECT_EQ(web.volumes[0].source, "/project/c");
  EXPECT_EQ(web.volumes[0].access, Access::read_only);
}

TEST(Merge, AShortDependencyResetsTheConditionAndKeepsRestart) {
  const auto project = project_of(
      request_of({"services:\n  db: {image: x}\n  web: {image: x, depends_on: {db: {condition: "
                  "service_healthy, restart: true}}}\n",
                  "services: {web: {depends_on: [db]}}\n"}));
  const auto& dependency = project.services.at("web").depends_on.at("db");
  EXPECT_EQ(dependency.condition, Condition::service_started);
  EXPECT_TRUE(dependency.restart);
}

TEST(Merge, ResetRemovesAndOverrideReplaces) {
  const auto web = merged("    ports: ['80:80']\n    labels: {a: '1', b: '1'}\n    user: u\n",
                          "    ports: !override ['81:81']\n    labels: {a: !reset null}\n"
                          "    user: !reset null\n");
  ASSERT_EQ(web.ports.size(), 1U);
  EXPECT_EQ(web.ports[0].published, 81);
  EXPECT_EQ(web.labels, (StringMap{{"b", "1"}}));
  EXPECT_EQ(web.user, "");
}

TEST(Merge, SeveralDocumentsOfAFileMergeLikeFiles) {
  const auto project =
      project_of("services: {a: {image: x}}\n---\nservices: {a: {image: y}, b: {image: z}}\n");
  EXPECT_EQ(project.services.at("a").image, "y");
  EXPECT_EQ(project.services.size(), 2U);
}

TEST(Merge, ExtendsTakesAServiceOfThisOrAnotherFile) {
  const auto project = project_of(request_of(
      {R"(services:
  base: {image: x, environment: {A: base, B: base}, command: run}
  web: {extends: base, environment: {B: own}}
  far: {extends: {file: other/far.yaml, service: far}}
)"},
      {{"/project/other/far.yaml", "services: {far: {image: far, volumes: ['./d:/d']}}"}}));
  const auto& web = project.services.at("web");
  EXPECT_EQ(web.environment, (Environment{{"A", "base"}, {"B", "own"}}));
  EXPECT_EQ(web.command, Strings{"run"});
  EXPECT_EQ(project.services.at("far").volumes[0].source, "/project/other/d");
}

TEST(Merge, ExtendsInACircleIsRefused) {
  EXPECT_EQ(messages_of(load_text("services:\n  a: {extends: b}\n  b: {extends: a}\n")),
            "2: service \"b\" extends itself\n"
            "3: service \"a\" extends itself\n");
}

TEST(Merge, IncludeBringsInAFileWithPathsOfItsOwn) {
  const auto project = project_of(
      request_of({"include: [db/db.yaml]\nservices: {web: {image: x, depends_on: [db]}}"},
                 {{"/project/db/db.yaml", "services: {db: {image: '$IMAGE', volumes: ['./d:/d']}}"},
                  {"/project/db/.env", "IMAGE=postgres"}}));
  EXPECT_EQ(project.services.at("db").image, "postgres");
  EXPECT_EQ(project.services.at("db").volumes[0].source, "/project/db/d");
}

TEST(Merge, IncludingOneselfIsRefused) {
  const auto result = load_from_sources(
      request_of({"include: [a.yaml]"}, {{"/project/a.yaml", "include: [a.yaml]"}}));
  EXPECT_NE(result.diagnostics.to_text().find("include cycle"), std::string::npos);
}

// --- printing ------------------------------------------------------------------------------------

TEST(Render, ConfigPrintsTheResolvedProject) {
  const auto project = project_of("services:\n  web:\n    image: x\n    command: echo $$HOME\n");
  EXPECT_EQ(to_json(project), R"({
  "name": "project",
  "networks": {
    "default": {
      "ipam": {},
      "name": "project_default"
    }
  },
  "services": {
    "web": {
      "command": [
        "echo",
        "$$HOME"
      ],
      "entrypoint": null,
      "image": "x",
      "networks": {
        "default": null
      }
    }
  }
}
)");
  EXPECT_EQ(to_yaml(project), R"(name: project
services:
  web:
    command:
      - echo
      - $$HOME
    image: x
    networks:
      default: null
networks:
  default:
    name: project_default
)");
}

TEST(Render, KeysOfYamlAreInTheOrderOfDockerCompose) {
  const auto project = project_of(
      "x-b: 1\nservices:\n  web10: {image: x}\n  web2: {image: x}\n"
      "  web:\n    volumes: ['data:/d']\n    image: x\n    annotations: {z: y}\n    x-own: 1\n"
      "    environment: {K10: a, K9: b, a_b: c, aB: d, K_: e}\nvolumes: {data: }\n");
  EXPECT_EQ(to_yaml(project), R"(name: project
services:
  web:
    annotations:
      z: "y"
    environment:
      K_: e
      K9: b
      K10: a
      a_b: c
      aB: d
    image: x
    networks:
      default: null
    volumes:
      - type: volume
        source: data
        target: /d
        volume: {}
    x-own: 1
  web2:
    image: x
    networks:
      default: null
  web10:
    image: x
    networks:
      default: null
networks:
  default:
    name: project_default
volumes:
  data:
    name: project_data
x-b: 1
)");
}

TEST(Render, AProjectWithoutServicesReadsAsOne) {
  const auto project = project_of("x-own: 1\n");
  EXPECT_EQ(to_yaml(project), "name: project\nservices: {}\nx-own: 1\n");
  EXPECT_EQ(to_yaml(project_of(to_yaml(project))), to_yaml(project));
}

TEST(Config, AsYamlKeepsExtensionsEverywhereAndAsJsonAtTheTop) {
  const auto project = project_of(
      "x-top: 1\nservices:\n  a:\n    image: x\n    x-own: {b: [1, c]}\n"
      "    healthcheck: {test: [NONE], x-health: 1}\n    ports: [{target: 80, x-port: 1}]\n"
      "    deploy: {resources: {limits: {cpus: 1, x-limit: 1}}}\n");
  const auto yaml = to_yaml(project);
  for (const auto key : {"\nx-top:", "    x-own:", "x-health: 1", "x-port: 1", "x-limit: 1"})
    EXPECT_NE(yaml.find(key), std::string::npos) << key << yaml;
  EXPECT_EQ(to_yaml(project_of(yaml)), yaml);
  const auto json = to_json(project);
  EXPECT_EQ(json.find("\"x-"), json.rfind("\"x-")) << json;
}

TEST(Render, WhatConfigPrintsReadsAsTheSameProject) {
  const auto first = project_of(R"(services:
  web:
    image: x
    ports: ["8080:80", "127.0.0.1::81/udp"]
    volumes: [./a:/a:ro, data:/data]
    environment: {A: "yes", B: "1.10", C: "$$x", D: "a: b #c"}
    healthcheck: {test: [CMD, "true"], interval: 90s}
    depends_on: [db]
  db: {image: y, labels: [a=1]}
volumes: {data: }
)");
  const auto again = project_of(to_yaml(first));
  EXPECT_EQ(first.services, again.services);
  EXPECT_EQ(first.volumes, again.volumes);
  EXPECT_EQ(to_yaml(first), to_yaml(again));
}

TEST(Load, NamesMayBeginWithXWhereTheUserNamesThings) {
  const auto project = project_of(R"(services:
  x-web: {image: x, depends_on: [x-db], networks: [x-net]}
  x-db: {image: y}
networks: {x-net: {}}
)");
  EXPECT_EQ(project.services.count("x-web"), 1U);
  EXPECT_EQ(project.networks.count("x-net"), 1U);
}

TEST(Load, TheNewestKeysAreKnown) {
  auto request = request_of({R"(services:
  web:
    image: x
    pull_refresh_after: 12h
    pre_start: [{command: prepare, per_replica: true}]
    build: {context: ., no_cache_filter: [one, two]}
    use_api_socket: true
    gpus: all
    models: {llm: {endpoint_var: URL}}
    env_file: [{path: raw.env, format: raw}]
models: {llm: {model: ai/model, context_size: 1024}}
)"},
                            {{"/project/raw.env", "A='kept'\n"}});
  request.purpose = Purpose::show;
  EXPECT_EQ(project_of(request).services["web"].environment, (Environment{{"A", "'kept'"}}));
}

TEST(Load, WhatNoContainerCouldRunWithIsAnErrorOnlyForThoseWhoRunIt) {
  const std::string text = "services: {web: {image: x, stop_signal: BYE, cap_add: [FLY]}}";
  EXPECT_FALSE(load_text(text).project);
  auto request = request_of({text});
  request.purpose = Purpose::show;
  EXPECT_TRUE(load_from_sources(request).project);
}

}  // namespace
}  // namespace stack::spec
