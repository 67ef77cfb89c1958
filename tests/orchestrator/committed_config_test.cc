// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/committed_config.h"

#include <gtest/gtest.h>

namespace stack::orchestrator {
namespace {

using Strings = std::vector<std::string>;

image::ImageConfig base() {
  image::ImageConfig config;
  config.command = {"serve"};
  config.entrypoint = {"/entry"};
  config.environment = {"A=image", "B=image"};
  config.user = "app";
  config.exposed_ports = {"80/tcp"};
  config.labels = {{"from", "image"}};
  config.healthcheck = image::ImageHealthcheck{.test = {"CMD", "probe"}};
  return config;
}

image::ImageConfig committed(const std::string& applied,
                             supervisor::ContainerConfig container = {}) {
  container.applied = applied;
  return committed_config(base(), container);
}

TEST(CommittedConfig, WithoutAnythingOfTheFilesOwnIsTheImages) {
  EXPECT_EQ(committed("{}"), base());
}

TEST(CommittedConfig, HasWhatTheFileSets) {
  const auto config = committed(R"({"command": ["x"], "user": "1000", "working_dir": "/w",
      "stop_signal": "SIGINT", "environment": {"A": "file", "B": null, "C": "new"},
      "labels": {"more": "file"}})");
  EXPECT_EQ(config.command, Strings{"x"});
  EXPECT_EQ(config.entrypoint, Strings{"/entry"});
  EXPECT_EQ(config.environment, (Strings{"A=file", "C=new"}));
  EXPECT_EQ(config.user, "1000");
  EXPECT_EQ(config.working_dir, "/w");
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_EQ(config.labels,
            (std::map<std::string, std::string>{{"from", "image"}, {"more", "file"}}));
}

TEST(CommittedConfig, AnEntrypointDropsTheImagesCommand) {
  const auto config = committed(R"({"entrypoint": ["/mine"]})");
  EXPECT_EQ(config.entrypoint, Strings{"/mine"});
  EXPECT_TRUE(config.command.empty());
}

TEST(CommittedConfig, AnEmptyEntrypointLeavesTheImagesCommand) {
  const auto config = committed(R"({"entrypoint": [], "command": []})");
  EXPECT_TRUE(config.entrypoint.empty());
  EXPECT_EQ(config.command, committed("{}").command);
  EXPECT_FALSE(config.command.empty());
}

TEST(CommittedConfig, ExposesWhatIsExposedAndPublished) {
  supervisor::ContainerConfig container;
  supervisor::PortRule rule;
  rule.container_port = 53;
  rule.protocol = "udp";
  container.ports = {rule};
  EXPECT_EQ(committed(R"({"expose": ["80", "90"]})", container).exposed_ports,
            (Strings{"80/tcp", "90/tcp", "53/udp"}));
}

TEST(CommittedConfig, TheFilesHealthCheckReplacesTheImages) {
  supervisor::ContainerConfig container;
  container.health.emplace().retries = 9;
  const auto check =
      committed(R"({"healthcheck": {"test": ["CMD-SHELL", "x"]}})", container).healthcheck;
  EXPECT_EQ(check->test, (Strings{"CMD-SHELL", "x"}));
  EXPECT_EQ(check->retries, 9U);
  EXPECT_EQ(committed(R"({"healthcheck": {"disable": true}})").healthcheck->test, Strings{"NONE"});
}

}  // namespace
}  // namespace stack::orchestrator
