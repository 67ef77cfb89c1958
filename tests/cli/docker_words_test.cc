// SPDX-License-Identifier: Apache-2.0
#include "cli/docker_words.h"

#include <gtest/gtest.h>

#include "cli/parse.h"

namespace stack::cli {
namespace {

using Words = std::vector<std::string>;

TEST(DockerWords, SynonymsAreTakenAsTheyAre) {
  EXPECT_EQ(our_words({"log", "web"}), (Words{"logs", "web"}));
  EXPECT_EQ(our_words({"info"}), (Words{"system", "info"}));
  EXPECT_EQ(our_words({"image", "list"}), (Words{"image", "ls"}));
  EXPECT_EQ(our_words({"volume", "remove"}), (Words{"volume", "rm"}));
  EXPECT_EQ(our_words({"logs", "list"}), (Words{"logs", "list"}));
  EXPECT_EQ(our_words({}), Words{});
}

TEST(DockerWords, TheyAreFoundAmongFlags) {
  const Parsed line = parse({"-p", "shop", "log", "--tail", "5", "web"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name, "logs");
  EXPECT_EQ(line.options.project_name, "shop");
  EXPECT_EQ(line.options.arguments, Words{"web"});
  EXPECT_EQ(parse({"info", "-f", "json"}).command->name, "system info");
  EXPECT_EQ(parse({"container", "list", "-a"}).command->name, "container ls");
}

TEST(DockerWords, WhatIsElsewhereIsTold) {
  EXPECT_NE(instead_of("rmi").find("stack image rm"), std::string_view::npos);
  EXPECT_EQ(instead_of("pss"), "");
}

TEST(Run, OfAnImageItIsContainerRun) {
  EXPECT_EQ(as_container_run({"-p", "shop", "run", "-it", "box", "sh"}),
            (Words{"-p", "shop", "container", "run", "-it", "box", "sh"}));
  const Parsed line =
      parse({"run", "--rm", "-m", "64m", "--network", "none", "-h", "name", "box:1", "env", "-i"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name, "run");
  EXPECT_EQ(line.options.arguments, (Words{"box:1", "env", "-i"}));
  EXPECT_EQ(line.options.memory, "64m");
  EXPECT_EQ(line.options.hostname, "name");
  const Parsed again = parse(as_container_run(line.options.command_line));
  ASSERT_NE(again.command, nullptr);
  EXPECT_EQ(again.command->name, "container run");
  EXPECT_TRUE(again.options.remove_at_end);
  EXPECT_EQ(again.options.networks, Words{"none"});
}

}  // namespace
}  // namespace stack::cli
