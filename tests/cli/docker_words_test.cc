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
  EXPECT_EQ(our_words({"df", "-v"}), (Words{"system", "df", "-v"}));
  EXPECT_EQ(our_words({"convert"}), Words{"config"});
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

std::string refusal(const Words& line) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(parse(line).command, nullptr);
  return ::testing::internal::GetCapturedStderr();
}

TEST(DockerWords, TheNamesakeThatKnowsItIsTold) {
  EXPECT_EQ(counterpart_of("ps"), "container ls");
  EXPECT_EQ(counterpart_of("pull"), "image pull");
  EXPECT_EQ(counterpart_of("attach"), "container attach");
  const std::vector<std::pair<Words, std::string>> lines{
      {{"ps", "-l"}, "`stack container ls` knows -l"},
      {{"ps", "-n", "1"}, "`stack container ls` knows -n"},
      {{"ps", "-s"}, "`stack container ls` knows -s"},
      {{"images", "-a"}, "`stack image ls` knows -a"},
      {{"build", "-t", "web", "."}, "`stack image build` knows -t"},
      {{"start", "-a", "job"}, "`stack container start` knows -a"},
      {{"history", "box:1"}, "`stack image history` takes one"},
      {{"ps", "-f", "name=web"}, "`stack container ls -f name=web`"}};
  for (const auto& [line, hint] : lines)
    EXPECT_NE(refusal(line).find("  hint: " + hint), std::string::npos) << hint;
  EXPECT_EQ(refusal({"up", "--bogus"}).find("hint"), std::string::npos);
}

TEST(DockerWords, WhatIsNoCommandIsNotTakenForAWordBeforeOne) {
  EXPECT_TRUE(refusal({"context", "ls"}).starts_with("stack: unknown command: context\n"));
  EXPECT_TRUE(refusal({"docker", "ps"}).starts_with("stack: unknown command: docker\n"));
  EXPECT_NE(refusal({"-p", "shop", "context", "inspect"}).find("unknown command: context"),
            std::string::npos);
  EXPECT_NE(refusal({"pss", "exec", "web", "ls"}).find("unknown command: pss (did you mean ps?)"),
            std::string::npos);
  EXPECT_NE(refusal({"--bogus", "value", "ps"}).find("unknown flag: --bogus"), std::string::npos);
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
