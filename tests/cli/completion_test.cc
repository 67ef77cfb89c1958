// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stack::cli {
namespace {

LiveNames world() {
  using Names = std::vector<std::string>;
  LiveNames live;
  live.services = [](const Options& options) {
    return options.files.empty() ? Names{"db", "web"} : Names{"of-" + options.files.front()};
  };
  live.containers = [](const Options&) { return Names{"shop-db-1"}; };
  live.images = [](const Options&) { return Names{"busybox:1"}; };
  live.volumes = [](const Options&) { return Names{"shop_data"}; };
  live.networks = [](const Options&) { return Names{"shop_default"}; };
  live.projects = [](const Options&) { return Names{"shop"}; };
  live.profiles = [](const Options&) { return Names{"debug"}; };
  return live;
}

std::vector<std::string> words(const std::vector<std::string>& typed) {
  std::vector<std::string> found;
  for (const auto& each : complete(typed, world()).candidates) found.push_back(each.word);
  return found;
}

using Words = std::vector<std::string>;

TEST(Completion, BeginsWithCommandsAndGroups) {
  EXPECT_EQ(words({"net"}), Words{"network"});
  EXPECT_EQ(words({"network", "in"}), Words{"inspect"});
  EXPECT_EQ(words({"image", "rm", ""}), Words{"busybox:1"});
  const auto all = words({""});
  EXPECT_NE(std::ranges::find(all, "up"), all.end());
  EXPECT_EQ(std::ranges::find(all, "fail-points"), all.end());
}

TEST(Completion, OffersWhatThereIs) {
  EXPECT_EQ(words({"up", "-d", ""}), (Words{"db", "web"}));
  EXPECT_EQ(words({"up", "w"}), Words{"web"});
  EXPECT_EQ(words({"scale", ""}), (Words{"db=", "web="}));
  EXPECT_EQ(words({"volume", "rm", ""}), Words{"shop_data"});
  EXPECT_EQ(words({"network", "connect", ""}), Words{"shop_default"});
  EXPECT_EQ(words({"network", "connect", "shop_default", ""}), Words{"shop-db-1"});
  EXPECT_EQ(words({"-p", ""}), Words{"shop"});
  EXPECT_EQ(words({
                "--profile",
                "",
            }),
            Words{"debug"});
}

TEST(Completion, WhatIsThereAlreadyIsNotOfferedAgain) {
  EXPECT_EQ(words({"stop", "web", ""}), Words{"db"});
  EXPECT_EQ(words({"scale", "web=3", ""}), Words{"db="});
  EXPECT_EQ(words({"network", "connect", "shop-db-1", ""}),
            Words{"shop-db-1"});  // a network's name
}

TEST(Completion, FollowsTheFilesThatHaveBeenNamed) {
  EXPECT_EQ(words({"-f", "a.yaml", "stop", ""}), Words{"of-a.yaml"});
  EXPECT_EQ(words({"logs", "-f", ""}), (Words{"db", "web"}));  // there it means --follow
}

TEST(Completion, KnowsFlagsAndTheirValues) {
  EXPECT_EQ(words({"up", "--abort-on-container-e"}), Words{"--abort-on-container-exit"});
  EXPECT_EQ(words({"up", "--pull", ""}), (Words{"always", "missing", "never"}));
  EXPECT_EQ(words({"--progress=j"}), Words{"--progress=json"});
  EXPECT_EQ(words({"up", "--exit-code-from", "d"}), Words{"db"});
  EXPECT_EQ(words({"graph", "--format", "m"}), Words{"mermaid"});
  EXPECT_TRUE(complete({"up", "--trace", ""}, world()).files);
  EXPECT_TRUE(complete({"--file=co"}, world()).files);
}

TEST(Completion, WhatBelongsToAProgramIsLeftToIt) {
  EXPECT_EQ(words({"exec", "-T", ""}), (Words{"db", "web"}));
  EXPECT_EQ(words({"exec", "web", "ls", "-"}), Words{});
  EXPECT_TRUE(complete({"exec", "web", "ls", ""}, world()).files);
}

TEST(Completion, ThereIsAScriptForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_NE(completion_script(shell).find("__complete"), std::string_view::npos) << shell;
  EXPECT_EQ(completion_script("tcsh"), "");
}

}  // namespace
}  // namespace stack::cli
