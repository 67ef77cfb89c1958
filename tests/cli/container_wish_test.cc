// SPDX-License-Identifier: Apache-2.0
#include "cli/container_wish.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/found_container.h"
#include "cli/parse.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;

Json document(std::vector<std::string> words) {
  words.insert(words.begin(), {"container", "run"});
  const Parsed line = parse(words);
  EXPECT_NE(line.command, nullptr);
  return container_document(line.options, "box");
}

/// What the flags make of the service, without what every service has.
Json service(std::vector<std::string> flags) {
  flags.emplace_back("image:1");
  Json made = document(std::move(flags))["services"]["box"];
  for (const char* key : {"container_name", "image", "networks"}) made.erase(key);
  return made;
}

void expect_refused(std::vector<std::string> flags, const std::string& text) {
  flags.emplace_back("image:1");
  try {
    document(std::move(flags));
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_NE((std::string(error.what()) + error.hint()).find(text), std::string::npos)
        << error.what() << error.hint();
    EXPECT_EQ(error.exit_code(), ExitCode::runtime_error);
  }
}

TEST(ContainerWish, WhatFollowsTheImageIsTheProgramsOwn) {
  const Json box = document({"--rm", "image:1", "ls", "--rm", "-p", "80"})["services"]["box"];
  EXPECT_EQ(box["image"], "image:1");
  EXPECT_EQ(box["command"], (Json{"ls", "--rm", "-p", "80"}));
  EXPECT_FALSE(box.contains("ports"));
}

TEST(ContainerWish, AnEntrypointIsOneProgramWhateverIsInItsName) {
  EXPECT_EQ(service({"--entrypoint", "a b"})["entrypoint"], Json{"a b"});
  EXPECT_EQ(service({"--entrypoint", ""})["entrypoint"], Json{""}) << "no program at all";
  EXPECT_FALSE(service({}).contains("entrypoint"));
}

TEST(ContainerWish, ShortFlagsCombine) {
  const Json box = service({"-itd"});
  EXPECT_EQ(box["tty"], true);
  EXPECT_EQ(box["stdin_open"], true);
}

TEST(ContainerWish, NumbersAreNumbersAndTheRestIsForTheReader) {
  EXPECT_EQ(service({"--pids-limit", "50"})["pids_limit"], 50);
  EXPECT_EQ(service({"--pids-limit", "many"})["pids_limit"], "many");
  EXPECT_EQ(service({"--ulimit", "nofile=1:2"})["ulimits"],
            (Json{{"nofile", {{"soft", 1}, {"hard", 2}}}}));
}

TEST(ContainerWish, ANamedVolumeIsTheMachines) {
  const Json made = document({"-v", "data:/data", "-v", "/here:/there", "-v", "/x", "image:1"});
  EXPECT_EQ(made["volumes"], (Json{{"data", {{"name", "data"}}}}));
  EXPECT_EQ(made["services"]["box"]["volumes"], (Json{"data:/data", "/here:/there", "/x"}));
}

TEST(ContainerWish, ATargetThatIsAnOptionWasMeantOtherwise) {
  expect_refused({"-v", "/data/public:ro"}, "did you mean /data/public:/data/public:ro?");
  for (const std::string mode : {"r0", "RO", "readonly", "ro,rw", "rw,rw", "z,Z"})
    expect_refused({"-v", "data:/x:" + mode}, "invalid mode: " + mode);
  EXPECT_EQ(service({"-v", "/tmp:/x:ro,cached"})["volumes"], Json({"/tmp:/x:ro,cached"}));
}

TEST(ContainerWish, AMountInWords) {
  EXPECT_EQ(service({"--mount", "type=bind,src=/a,dst=/b,readonly"})["volumes"],
            (Json::array({{{"type", "bind"},
                           {"source", "/a"},
                           {"target", "/b"},
                           {"read_only", true},
                           {"bind", {{"create_host_path", false}}}}})));
  expect_refused({"--mount", "type=bind,src=/a"}, "target is required");
  expect_refused({"--mount", "dst=/a,x=y"}, "unknown key");
}

TEST(ContainerWish, NetworksOfOthersAreExternal) {
  const Json made = document({"--network", "shop_default", "--ip", "10.0.0.9", "image:1"});
  EXPECT_EQ(made["networks"]["shop_default"]["external"], true);
  EXPECT_EQ(made["services"]["box"]["networks"]["shop_default"]["ipv4_address"], "10.0.0.9");
}

TEST(ContainerWish, WithoutANetworkItIsInTheBridge) {
  const Json made = document({"image:1"});
  EXPECT_FALSE(made.contains("networks"));
  EXPECT_TRUE(made["services"]["box"]["networks"].contains("default"));
}

TEST(ContainerWish, AModeGoesWithNoNetwork) {
  EXPECT_EQ(service({"--network", "host"})["network_mode"], "host");
  expect_refused({"--network", "host", "--network", "x"}, "goes with no other network");
}

TEST(ContainerWish, AHealthCheckIsAShellsCommand) {
  EXPECT_EQ(service({"--health-cmd", "test -e /x", "--health-retries", "2"})["healthcheck"],
            (Json{{"test", {"CMD-SHELL", "test -e /x"}}, {"retries", 2}}));
  EXPECT_EQ(service({"--no-healthcheck"})["healthcheck"], (Json{{"disable", true}}));
}

TEST(ContainerWish, WhatIsSaidTwiceIsSaidOnce) {
  EXPECT_EQ(service({"--group-add", "5", "--group-add", "5", "--group-add", "6"})["group_add"],
            (Json{"5", "6"}));
  EXPECT_EQ(service({"--add-host", "a:1.1.1.1", "--add-host", "a:1.1.1.1"})["extra_hosts"],
            Json{"a:1.1.1.1"});
}

TEST(ContainerWish, AParameterWithoutAValueIsRefused) {
  expect_refused({"--sysctl", "net.ipv4.ip_forward"}, "NAME=VALUE");
}

TEST(ContainerWish, ReadOnlyAllTheWayDownIsOfWhatIsReadOnly) {
  expect_refused({"--mount", "type=bind,src=/a,dst=/b,bind-recursive=readonly"},
                 "requires readonly");
  EXPECT_EQ(service({"--mount",
                     "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly"})["volumes"][0]["bind"]
                                                                           ["recursive"],
            "readonly");
}

TEST(ContainerWish, WhatThereIsNoWordForIsRefused) {
  expect_refused({"--cpuset-mems", "0"}, "not supported yet");
  expect_refused({"--volume-driver", "nfs"}, "local");
  expect_refused({"-d", "-a", "stdout"}, "both --attach and --detach");
  expect_refused({"--no-healthcheck", "--health-cmd", "true"}, "conflicts with --health-*");
  expect_refused({"--rm", "--restart", "always"}, "conflicting options");
}

std::vector<FoundContainer> two() {
  std::vector<FoundContainer> containers(2);
  containers[0].container.config.name = "one";
  containers[0].container.config.id = "abc1";
  containers[1].container.config.name = "two";
  containers[1].container.config.id = "abd2";
  return containers;
}

TEST(FoundContainer, ByNameOrIdOrItsBeginning) {
  const auto containers = two();
  for (const char* text : {"two", "/two", "abd2", "abd"})
    EXPECT_EQ(choose_container(containers, text).container.config.name, "two") << text;
}

TEST(FoundContainer, ABeginningOfTwoIsNone) {
  const auto containers = two();
  EXPECT_THROW(choose_container(containers, "ab"), Error);
  EXPECT_THROW(choose_container(containers, "x"), Error);
  EXPECT_THROW(choose_container(containers, ""), Error);
}

}  // namespace
}  // namespace stack::cli
