// SPDX-License-Identifier: Apache-2.0
// What is written wrongly, and docker compose runs all the same.
#include <gtest/gtest.h>

#include "load_text.h"
#include "shown.h"
#include "spec/render.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

LoadResult loaded_service(const std::string& key) {
  return load_text("services:\n  web:\n    image: x\n    " + key + "\n");
}

/// What is said of a service with `key`, which is warned of and loads.
std::string warning_of(const std::string& key) {
  const LoadResult result = loaded_service(key);
  EXPECT_TRUE(result.project) << key;
  return messages_of(result);
}

bool is_refused(const std::string& key) {
  return !loaded_service(key).project;
}

std::uint64_t attempts_of(const std::string& policy) {
  const Service service = service_of("    restart: \"" + policy + "\"\n");
  EXPECT_EQ(service.restart.kind, RestartPolicy::Kind::on_failure) << policy;
  return service.restart.max_attempts;
}

TEST(Lenient, ARestartCountThatCannotBeReadIsNone) {
  EXPECT_EQ(
      warning_of("restart: \"on-failure:[3]\""),
      "4: \"on-failure:[3]\" is taken for \"on-failure\", as often as it takes: \"restart\" of "
      "service \"web\" (on-failure:N, N a number)\n");
  EXPECT_EQ(
      warning_of("restart: \"always:\""),
      "4: \"always:\" is taken for \"always\": \"restart\" of service \"web\" (only on-failure "
      "takes a count)\n");
  for (const char* policy : {"on-failure:", "on-failure:abc", "on-failure: 5", "on-failure:3 ",
                             "on-failure:3.5", "on-failure:0"})
    EXPECT_EQ(attempts_of(policy), 0U) << policy;
  EXPECT_EQ(attempts_of("on-failure:5:6"), 5U);
  EXPECT_EQ(warning_of("restart: on-failure:3"), "");
}

TEST(Lenient, ARestartPolicyThatTheEngineRefusesIsRefused) {
  for (const char* policy : {"always:3", "no:1", "on-failure:-1", "Always", "unless-stopped:2"})
    EXPECT_TRUE(is_refused(std::string("restart: \"") + policy + "\"")) << policy;
}

TEST(Lenient, OfWhatIsExposedThePortsCount) {
  const auto ports = [](const char* text) { return exposed_ports(text); };
  EXPECT_EQ(ports("3000:3000"), Strings{"3000"});
  EXPECT_EQ(ports("8000:8001/udp"), Strings{"8001/udp"});
  EXPECT_EQ(ports("80,443"), (Strings{"80", "443"}));
  EXPECT_EQ(ports("3000-3005"), Strings{"3000-3005"});
  for (const char* text : {"abc", "70000", "", "80/foo", "0"})
    EXPECT_EQ(ports(text), Strings()) << text;
  EXPECT_EQ(warning_of("expose: [\"3000:3000\", 80, 53/udp]"),
            "4: \"3000:3000\" is taken for 3000: \"expose\" of service \"web\" (a port of the "
            "container, like 3000 or 53/udp)\n");
  EXPECT_EQ(warning_of("expose: [\"\"]"),
            "4: \"\" is taken for no port: \"expose\" of service \"web\" (a port of the container, "
            "like 3000 or 53/udp)\n");
  EXPECT_EQ(service_of("    expose: [\"80,443\", abc]\n").expose, (Strings{"80", "443"}));
}

TEST(Lenient, AnExternalNetworkIsAsWhoeverMadeItMadeIt) {
  const std::string text =
      "services: {web: {image: x, networks: [n]}}\n"
      "networks:\n"
      "  n:\n"
      "    external: {name: other}\n"
      "    driver: overlay\n"
      "    internal: true\n"
      "    ipam: {config: [{subnet: 10.5.0.0/24}]}\n";
  EXPECT_EQ(messages_of(load_text(text)),
            "5: networks.n is external, so \"driver\" has no effect (remove it)\n"
            "6: networks.n is external, so \"internal\" has no effect (remove it)\n"
            "7: networks.n is external, so \"ipam\" has no effect (remove it)\n");
  Network wanted;
  wanted.key = "n";
  wanted.name = "other";
  wanted.external = true;
  EXPECT_EQ(project_of(text).networks.at("n"), wanted);
  EXPECT_FALSE(load_text("services: {web: {image: x, volumes: [\"v:/x\"]}}\n"
                         "volumes: {v: {external: true, driver: local}}\n")
                   .project);
}

TEST(Lenient, WhatAVariableThatIsNotSetLeavesEmptyIsAsIfItWereNotThere) {
  const auto request = request_of(
      {"services:\n"
       "  web:\n"
       "    image: x\n"
       "    stop_signal: \"${NOPE-}\"\n"
       "    mac_address: \"${NOPE-}\"\n"
       "    ports: [\"8080:80/\", \"8081:80/tcp/\", {target: 81, protocol: \"${NOPE-}\"}]\n"
       "    networks: {n: {ipv4_address: \"\", ipv6_address: \"\", mac_address: \"\"}}\n"
       "networks: {n: {ipam: {config: [{subnet: 10.5.0.0/24, gateway: \"\", ip_range: "
       "\"\"}]}}}\n"});
  EXPECT_EQ(messages_of(load_from_sources(request)), "");
  const Project project = project_of(request);
  const Service& web = project.services.at("web");
  EXPECT_EQ(web.stop_signal, "");
  for (const Port& port : web.ports) EXPECT_EQ(port.protocol, "tcp");
  EXPECT_EQ(project.networks.at("n").ipam.at(0).gateway, "");
  EXPECT_FALSE(load_text("services: {web: {image: x, networks: [n]}}\n"
                         "networks: {n: {ipam: {config: [{subnet: \"\"}]}}}\n")
                   .project);
}

TEST(Lenient, AbsolutePathsArePrintedAsTheyAreWrittenAndUsedClean) {
  const std::string text =
      "services:\n"
      "  web:\n"
      "    build: {context: /a//x/./, additional_contexts: {more: /b//c/}}\n"
      "    develop: {watch: [{path: /w//, action: rebuild}]}\n"
      "    secrets: [s]\n"
      "secrets: {s: {file: /s//t}}\n"
      "volumes: {v: {driver: local, driver_opts: {type: cifs, o: ro, device: //host/share}}}\n";
  const Project project = project_of(text);
  EXPECT_EQ(shown(project, "services.web.build.context"), "/a//x/./");
  EXPECT_EQ(shown(project, "services.web.build.additional_contexts.more"), "/b//c/");
  EXPECT_EQ(shown(project, "services.web.develop.watch"), "[{path: /w//, action: rebuild}]");
  EXPECT_EQ(shown(project, "secrets.s.file"), "/s//t");
  const Build& build = *project.services.at("web").build;
  EXPECT_EQ(build.context, "/a/x");
  EXPECT_EQ(build.additional_contexts.at("more"), "/b/c");
  EXPECT_EQ(project.secrets.at("s").file, "/s/t");
}

TEST(Lenient, WhatTheEngineDoesNotMindIsTakenForWhatItIsTakenFor) {
  const Service web = service_of(
      "    devices: [\"/dev/null:/dev/x:rx\"]\n"
      "    sysctls: {net/ipv4/ip_forward: 1, net.ipv4.conf.eth0/1.forwarding: 1}\n"
      "    deploy: {endpoint_mode: bogus, update_config: {max_failure_ratio: 2}}\n");
  EXPECT_EQ(web.devices.at(0).permissions, "r");
  EXPECT_EQ(web.sysctls.begin()->first, "net.ipv4.conf.eth0/1.forwarding");
  EXPECT_TRUE(web.sysctls.contains("net.ipv4.ip_forward"));
  EXPECT_TRUE(is_refused("devices: [\"/dev/null:/dev/x:q\"]"));
}

TEST(Lenient, WhatTheEngineRefusesIsRefusedAtItsLine) {
  for (const char* key :
       {"tmpfs: [\"/x:bogus\"]", "tmpfs: [\"/x:size\"]", "tmpfs: [\"/x:remount\"]", "cpu_shares: 1",
        "healthcheck: {test: \"true\", timeout: 500us}",
        "volumes: [{type: tmpfs, target: /x, source: y}]"})
    EXPECT_TRUE(is_refused(key)) << key;
  for (const char* key : {"tmpfs: [\"/x:relatime,strictatime,sync,mand,rprivate,mpol=local\"]",
                          "cpu_shares: 0", "healthcheck: {test: \"true\", timeout: 0s}"})
    EXPECT_EQ(warning_of(key), "") << key;
}

TEST(Lenient, ModelsAreShownSoThatWhatIsPrintedLoadsAgain) {
  const std::string text =
      "services: {web: {image: x, models: {m: {endpoint_var: U}}}}\nmodels: {m: {model: y}}\n";
  auto request = request_of({text});
  request.purpose = Purpose::show;
  const Project project = project_of(request);
  for (const auto& printed : {to_yaml(project), to_json(project)}) {
    auto again = request_of({printed});
    again.purpose = Purpose::show;
    EXPECT_EQ(shown(project_of(again), "models.m.model"), "y") << printed;
  }
}

// --- whose mistakes count ------------------------------------------------------------------------

/// A project in which `other` has `key`, and what stands at the `top`.
LoadResult loaded_beside(const std::string& key, const std::string& top, Needed needed,
                         Strings services) {
  auto request =
      request_of({"x-common: &common {image: x}\n"
                  "services:\n  web: {<<: *common}\n  other: {<<: *common, " +
                  key + "}\n  job: {<<: *common, depends_on: [other]}\n" + top});
  request.needed = needed;
  request.services = std::move(services);
  return load_from_sources(request);
}

struct Mistake {
  std::string key;
  std::string top = "";
};

TEST(Needed, AMistakeOfAServiceMattersToWhoMakesContainersOfIt) {
  const Mistake mistakes[] = {
      {"runtime: habana"},
      {"logging: {driver: gelf}"},
      {"logging: {options: {bogus: x}}"},
      {"cap_add: [bogus]"},
      {"sysctls: {vm.max_map_count: 1}"},
      {"scale: 2, ports: [\"8080:80\"]"},
      {"volumes: [\"/a:/x\", \"/b:/x\"]"},
      {"tmpfs: [\"/x:bogus\"]"},
      {"userns_mode: keep-id"},
      {"working_dir: x"},
      {"models: [m]", "models: {m: {model: y}}\n"},
      {"volumes: [{type: npipe, source: x, target: /x}]"},
      {"networks: [n]", "networks: {n: {driver: overlay}}\n"},
      {"volumes: [\"v:/x\"]", "volumes: {v: {driver: pxd}}\n"},
      {"volumes: [\"v:/x\"]", "volumes: {v: {name: \"a b\"}}\n"},
  };
  for (const auto& [key, top] : mistakes) {
    const auto is_loaded = [&, &key = key, &top = top](Needed needed, Strings services) {
      const LoadResult result = loaded_beside(key, top, needed, std::move(services));
      return result.project.has_value();
    };
    EXPECT_FALSE(is_loaded(Needed::all, {"web"})) << key;
    EXPECT_FALSE(is_loaded(Needed::chosen, {})) << key;
    EXPECT_FALSE(is_loaded(Needed::chosen, {"other"})) << key;
    EXPECT_FALSE(is_loaded(Needed::chosen, {"job"})) << key;
    EXPECT_TRUE(is_loaded(Needed::chosen, {"web"})) << key;
    EXPECT_TRUE(is_loaded(Needed::none, {})) << key;
  }
}

TEST(Needed, AMistakeOfTheFileMattersToAll) {
  for (const char* key : {"bogus: 1", "command: 5", "networks: [nowhere]", "depends_on: [nobody]",
                          "ports: [\"70000:80\"]"})
    EXPECT_FALSE(loaded_beside(key, "", Needed::none, {}).project) << key;
}

TEST(Needed, WhatServicesShareMattersToEachOfThem) {
  auto request =
      request_of({"x-caps: &caps [bogus]\n"
                  "services:\n"
                  "  web: {image: x, cap_add: *caps}\n"
                  "  other: {image: x, cap_add: *caps}\n"
                  "  lone: {image: x, networks: [n]}\n"
                  "  friend: {image: x, networks: [n]}\n"
                  "  free: {image: x}\n"
                  "networks: {n: {driver: overlay}}\n"});
  request.needed = Needed::chosen;
  const auto messages = [&](const char* service) {
    request.services = {service};
    return messages_of(load_from_sources(request));
  };
  EXPECT_EQ(messages("web"),
            "1: \"bogus\" is not a capability: \"cap_add\" of service \"web\"\n"
            "1: \"bogus\" is not a capability: \"cap_add\" of service \"other\"\n");
  EXPECT_EQ(messages("friend"),
            "8: network \"n\": driver \"overlay\" joins machines, and this is "
            "one\n");
  EXPECT_EQ(messages("free"), "");
}

TEST(Needed, AServiceThatItsProfileLeavesOutMayBeWrong) {
  EXPECT_TRUE(load_text("services:\n  web: {image: x}\n"
                        "  other: {image: x, cap_add: [bogus], profiles: [p]}\n")
                  .project);
}

TEST(Needed, TwoServicesMayHaveOneContainerNameIfOnlyOneIsMade) {
  auto request =
      request_of({"services:\n"
                  "  cpu: {image: x, container_name: one, ports: [\"80:80\"]}\n"
                  "  gpu: {image: x, container_name: one, ports: [\"80:80\"]}\n"});
  const auto messages = [&](Needed needed, Strings services) {
    request.needed = needed;
    request.services = std::move(services);
    return messages_of(load_from_sources(request));
  };
  const std::string refusal =
      "3: container name \"one\" is taken twice (first at line 2)\n"
      "3: host port 80 is already taken by service \"cpu\" (line 2)\n";
  EXPECT_EQ(messages(Needed::all, {}), refusal);
  EXPECT_EQ(messages(Needed::chosen, {"cpu", "gpu"}), refusal);
  EXPECT_EQ(messages(Needed::chosen, {"gpu"}), "");
  EXPECT_EQ(messages(Needed::none, {}), "");
}

}  // namespace
}  // namespace stack::spec
