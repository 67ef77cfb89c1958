// SPDX-License-Identifier: Apache-2.0
// Short notations: rows 43 to 51 of the list of semantic traps, docs/compose-traps.md. TrapNN is
// the row's number there.
#include <gtest/gtest.h>

#include "shown.h"
#include "spec/scalars.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

// --- 43, 44: ports -------------------------------------------------------------------------------

/// What `text` means, each port in full; or why it is refused.
std::string ports(std::string_view text) {
  const auto parsed = parse_ports(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refusal->message;
  std::vector<std::string> shown;
  for (const auto& port : std::get<std::vector<PortParts>>(parsed)) shown.push_back(to_text(port));
  return join(shown, " ");
}

TEST(Trap43, APortIsReadFromTheRight) {
  EXPECT_EQ(ports("80"), "80/tcp");
  EXPECT_EQ(ports("8080:80"), "8080:80/tcp");
  EXPECT_EQ(ports("127.0.0.1:8080:80"), "127.0.0.1:8080:80/tcp");
  EXPECT_EQ(ports("127.0.0.1::81"), "127.0.0.1::81/tcp");
  EXPECT_EQ(ports("[::1]:6000:6000"), "[::1]:6000:6000/tcp");
  EXPECT_EQ(ports("::1:6000:6000"), "[::1]:6000:6000/tcp");
}

TEST(Trap43, ARangeIsOnePortForEachOfItsNumbers) {
  EXPECT_EQ(ports("3000-3002"), "3000/tcp 3001/tcp 3002/tcp");
  EXPECT_EQ(ports("9090-9091:8080-8081/udp"), "9090:8080/udp 9091:8081/udp");
  EXPECT_EQ(ports("9090-9092:8080-8081"),
            "the port ranges 9090-9092 and 8080-8081 differ in length");
}

TEST(Trap43, AProtocolStandsBehindASlash) {
  const auto parsed = parse_ports("80:80:tcp");
  ASSERT_TRUE(std::holds_alternative<Refusal>(parsed));
  EXPECT_EQ(std::get<Refusal>(parsed).message, "the protocol \"tcp\" stands behind a colon");
  EXPECT_EQ(std::get<Refusal>(parsed).hint, "80:80/tcp");
}

TEST(Trap43, AProtocolAloneIsNoPort) {
  const auto parsed = parse_ports("sctp");
  ASSERT_TRUE(std::holds_alternative<Refusal>(parsed));
  EXPECT_EQ(std::get<Refusal>(parsed).message.find("behind a colon"), std::string::npos);
}

TEST(Trap43, ARangeForOneContainerPortIsAChoice) {
  EXPECT_EQ(ports("8000-8010:80"), "8000-8010:80/tcp");
}

TEST(Trap43, ANumberIsAPortUpTo65535) {
  EXPECT_EQ(web("ports: [80]", "ports"), "[{mode: ingress, target: 80, protocol: tcp}]");
  EXPECT_EQ(ports("65535:65535"), "65535:65535/tcp");
  EXPECT_EQ(ports("65536:80"), "host port 65536 is out of range (1-65535)");
  EXPECT_EQ(ports("80:65536"), "container port 65536 is out of range (1-65535)");
}

TEST(Trap44, OneHostPortForTwoContainersIsRefusedBeforeAnythingStarts) {
  EXPECT_EQ(
      said_of({"services: {web: {image: x, scale: 2, ports: ['8080:80']}}"}),
      "1: host port 8080 cannot be published by 2 containers of service \"web\" (leave the host "
      "port out, or give a range)\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, scale: 2, ports: ['8080-8081:80', '81']}}"}), "");
  EXPECT_EQ(
      said_of({"services: {web: {image: x, scale: 3, ports: ['8080-8081:80']}}"}),
      "1: host ports 8080-8081 are 2: too few for the 3 containers of service \"web\" (give a "
      "longer range, or leave the host ports out)\n");
}

// --- 45, 46, 51: volumes -------------------------------------------------------------------------

TEST(Trap45, TheFirstCharactersOfAVolumeTellPathFromName) {
  EXPECT_EQ(web("volumes: [.:/a, ../b:/b, '~/c:/c', /d:/d]", "volumes"),
            "[{type: bind, source: /project, target: /a, bind: {create_host_path: true}}, "
            "{type: bind, source: /b, target: /b, bind: {create_host_path: true}}, "
            "{type: bind, source: /home/user/c, target: /c, bind: {create_host_path: true}}, "
            "{type: bind, source: /d, target: /d, bind: {create_host_path: true}}]");
  EXPECT_EQ(shown_of_web({"services: {web: {image: x, volumes: ['vol:/a']}}\nvolumes: {vol: }"},
                         "volumes"),
            "[{type: volume, source: vol, target: /a, volume: {}}]");
}

TEST(Trap45, ATargetIsCleanedAndAlone) {
  EXPECT_EQ(web("volumes: [/a/../b//c/]", "volumes"), "[{type: volume, target: /b/c, volume: {}}]");
  EXPECT_EQ(web("volumes: [/]", "volumes"), "[{type: volume, target: /}]");
}

TEST(Trap45, AnUnknownOptionIsAWarning) {
  EXPECT_EQ(said_of({"services: {web: {image: x, volumes: ['./a:/a:ro,what']}}"}),
            "1: unknown option \"what\" of volume \"./a:/a:ro,what\" is ignored\n");
  EXPECT_EQ(
      said_of({"services: {web: {image: x, volumes: ['./a:/a:cached', './b:/b:ro,delegated']}}"}),
      "");
}

TEST(Trap45, AFourthPartIsRefused) {
  EXPECT_EQ(said_of({"services: {web: {image: x, volumes: ['vol:/b:ro:z']}}"}),
            "1: volume \"vol:/b:ro:z\" has too many colons ([SOURCE:]TARGET[:OPTIONS])\n");
}

TEST(Trap46, AMissingSourceIsMadeUnlessToldOtherwise) {
  const auto mounts = service_of(R"(    volumes:
      - ./a:/a
      - {type: bind, source: ./b, target: /b}
      - {type: bind, source: ./c, target: /c, bind: {create_host_path: false}}
)")
                          .volumes;
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_TRUE(mounts[0].create_host_path);
  EXPECT_TRUE(mounts[1].create_host_path);
  EXPECT_FALSE(mounts[2].create_host_path);
}

TEST(Trap51, ThePlaceOfAVolumeIsNotThatOfATmpfs) {
  const std::string text =
      "services:\n  web:\n    image: x\n    volumes: [./a:/x]\n    tmpfs: /x/\n";
  EXPECT_EQ(said_of({text}), "5: \"/x\" is mounted twice in service \"web\" (first at line 4)\n");
  auto request = request_of({text});
  request.purpose = Purpose::show;
  EXPECT_TRUE(load_from_sources(request).project);
  EXPECT_TRUE(load_text("services: {web: {image: x, volumes: [./a:/x], tmpfs: /x}}")
                  .diagnostics.has_errors());
}

TEST(Trap51, TwoVolumesAtOnePlaceAreAnErrorAndForConfigAWarning) {
  const std::string text =
      "services:\n  web:\n    image: x\n    volumes:\n      - ./a:/x\n      - ./b:/x/\n";
  EXPECT_EQ(said_of({text}), "6: \"/x\" is mounted twice in this service (first at line 5)\n");
  EXPECT_EQ(shown_of_web({text}, "volumes"),
            "[{type: bind, source: /project/b, target: /x, bind: {create_host_path: true}}]");
}

// --- 47, 48: what implies a dependency -----------------------------------------------------------

TEST(Trap47, VolumesFromNamesAServiceOrAContainer) {
  const auto web = project_of(
                       "services:\n  web: {image: x, volumes_from: [a, 'b:ro', "
                       "'container:c:ro']}\n  a: {image: x}\n  b: {image: x}\n")
                       .services.at("web");
  using Kind = VolumesFrom::Kind;
  EXPECT_EQ(web.volumes_from,
            (std::vector<VolumesFrom>{{Kind::service, "a", Access::read_write},
                                      {Kind::service, "b", Access::read_only},
                                      {Kind::container, "c", Access::read_only}}));
  EXPECT_EQ(web.depends_on.size(), 2U);
}

/// The dependency of web on db that `keys` imply.
std::string implied(const std::string& keys) {
  return shown_of_web({"services: {web: {image: x, " + keys + "}, db: {image: x}}"}, "depends_on");
}

TEST(Trap48, LinksAndSharedNamespacesImplyADependencyThatRestarts) {
  const std::string restarting =
      "{db: {condition: service_started, restart: true, required: true}}";
  EXPECT_EQ(implied("links: ['db:database']"), restarting);
  for (const std::string key : {"network_mode", "ipc", "pid", "uts"})
    EXPECT_EQ(implied(key + ": 'service:db'"), restarting) << key;
}

TEST(Trap48, VolumesFromImpliesOneThatDoesNot) {
  EXPECT_EQ(implied("volumes_from: [db]"), "{db: {condition: service_started, required: true}}");
}

TEST(Trap48, WhatIsSaidWinsOverWhatIsImplied) {
  EXPECT_EQ(implied("links: [db], depends_on: {db: {condition: service_healthy}}"),
            "{db: {condition: service_healthy, required: true}}");
}

// --- 49, 50: words, durations, sizes -------------------------------------------------------------

TEST(Trap49, ACommandIsSplitIntoWordsAndNoShellRunsIt) {
  EXPECT_EQ(service_of("    command: a 'b c' \"d $$HOME\" e\\ f *\n").command,
            (Strings{"a", "b c", "d $HOME", "e f", "*"}));
}

TEST(Notation, AFoldedBlockKeepsEveryLineEnd) {
  const auto value = [](const std::string& block) {
    return service_of("    environment:\n      K: " + block).environment.at("K");
  };
  EXPECT_EQ(value(">+\n        q\n\n    tty: true\n"), "q\n\n");
  EXPECT_EQ(value(">+\n        q\n\n\n        r\n\n\n      L: x\n"), "q\n\nr\n\n\n");
  EXPECT_EQ(value("&a >+\n        q\n"), "q\n");
  EXPECT_EQ(value(">\n        q\n\n    tty: true\n"), "q\n");
}

TEST(Notation, ADeviceWithoutAPlaceInTheContainerHasThatOfTheHost) {
  for (const std::string text : {"/dev/a", "/dev/a:", "/dev/a::", "/dev/a::r"}) {
    const auto device = service_of("    devices: ['" + text + "']\n").devices.at(0);
    EXPECT_EQ(device.target, "/dev/a") << text;
  }
}

TEST(Notation, ABraceInADefaultNeedsNoOther) {
  const auto web = service_of("    labels: {a: '${NONE-{}', b: '${NONE:-a{b}', c: '${NONE-{}}'}\n");
  EXPECT_EQ(web.labels, (StringMap{{"a", "{"}, {"b", "a{b"}, {"c", "{}"}}));
}

TEST(Notation, WhatNamesNothingIsRefused) {
  EXPECT_EQ(said_of({"services:\n  a: {image: x, links: ['b:c:d']}\n  b: {image: x}\n"}),
            "2: service \"a\" links to \"b:c:d\", which does not exist\n");
  EXPECT_EQ(said_of({"services:\n  a: {image: x, configs: [{target: /c}]}\n"}),
            "2: service \"a\" uses a config without a source (say which of the configs it is: "
            "source: NAME)\n");
}

TEST(Trap50, DurationsHaveUnits) {
  EXPECT_EQ(duration_text(*parse_duration("1h5m30s20ms")), "1h5m30.02s");
  EXPECT_EQ(duration_text(*parse_duration("1d")), "24h0m0s");
  EXPECT_EQ(duration_text(*parse_duration("1w")), "168h0m0s");
  EXPECT_EQ(
      said_of({"services: {web: {image: x, stop_grace_period: 5}}"}),
      "1: \"stop_grace_period\" of service \"web\" must be a duration, not a number (5) (a unit "
      "is missing, like 5s)\n");
  EXPECT_FALSE(parse_duration("5"));
}

TEST(Trap50, SizesAreBinaryAndMinusOneIsWithoutLimit) {
  EXPECT_EQ(web("mem_limit: 1.5g, shm_size: 1k, memswap_limit: -1", "mem_limit"), "1610612736");
  EXPECT_EQ(web("shm_size: 1k", "shm_size"), "1024");
  EXPECT_EQ(web("memswap_limit: -1", "memswap_limit"), "-1");
}

}  // namespace
}  // namespace stack::spec
