// SPDX-License-Identifier: Apache-2.0
#include "build/stages.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::build {
namespace {

std::string graph_of(const std::string& text, const StageRequest& request = {}) {
  const Dockerfile file = parse_dockerfile("Dockerfile", text);
  const BuildGraph graph = plan_stages(file, request);
  static constexpr const char* kinds[] = {"scratch", "stage", "image", "context"};
  std::string result;
  for (const int number : graph.order) {
    const Stage& stage = graph.stages.at(static_cast<std::size_t>(number));
    result += fmt::format("{} from {} {}\n", shown_name(stage),
                          kinds[static_cast<int>(stage.base.kind)], stage.base_text);
  }
  return result;
}

std::string refusal_of(const std::string& text, const StageRequest& request = {}) {
  try {
    graph_of(text, request);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

constexpr const char* shop = R"(ARG TAG=1
FROM box:${TAG} AS Base
FROM base AS unused
FROM scratch AS assets
FROM base
COPY --from=assets /a /a
RUN --mount=type=bind,from=tools,target=/t true
)";

TEST(BuildStages, OnlyWhatTheTargetNeeds) {
  EXPECT_EQ(graph_of(shop, {.target = {}, .arguments = {{"TAG", "2"}}, .contexts = {}}),
            "base from image box:2\nassets from scratch scratch\nstage-3 from stage base\n");
  EXPECT_EQ(graph_of(shop, {.target = "1", .arguments = {}, .contexts = {}}),
            "base from image box:1\nunused from stage base\n");
}

TEST(BuildStages, NamedContextsWin) {
  EXPECT_EQ(graph_of("FROM box:1\n", {.target = {}, .arguments = {}, .contexts = {"box:1"}}),
            "stage-0 from context box:1\n");
}

TEST(BuildStages, OfTwoOfOneNameTheLaterOneCounts) {
  const char* text = "FROM a AS x\nFROM b AS X\nFROM x\n";
  EXPECT_EQ(graph_of(text, {.target = {}, .arguments = {}, .contexts = {}}),
            "x from image b\nstage-2 from stage x\n");
  EXPECT_EQ(graph_of(text, {.target = "x", .arguments = {}, .contexts = {}}), "x from image b\n");
}

TEST(BuildStages, TriggersTakeFromStagesToo) {
  StageRequest request;
  request.triggers = [](const Origin& base) {
    if (base.name != "parent") return std::vector<std::string>{};
    return std::vector<std::string>{"COPY --from=src /a /b", "RUN --mount=from=tools,target=/t t"};
  };
  EXPECT_EQ(graph_of("FROM a AS src\nFROM b AS tools\nFROM parent\n", request),
            "src from image a\ntools from image b\nstage-2 from image parent\n");
  EXPECT_EQ(graph_of("FROM a AS src\nFROM b AS parent\nONBUILD COPY --from=0 /a /b\nFROM parent\n"),
            "src from image a\nparent from image b\nstage-2 from stage parent\n");
}

TEST(BuildStages, TheTargetHasAName) {
  const auto target = [](const std::string& text, const std::string& wanted) {
    const Dockerfile file = parse_dockerfile("Dockerfile", text);
    StageRequest request;
    request.target = wanted;
    return plan_stages(file, request).automatic.at("TARGETSTAGE");
  };
  EXPECT_EQ(target("FROM a AS x\n", ""), "x");
  EXPECT_EQ(target("FROM a AS x\nFROM b\n", ""), "default");
  EXPECT_EQ(target("FROM a AS x\nFROM b\n", "x"), "x");
}

TEST(BuildStages, WhatCannotBe) {
  EXPECT_EQ(refusal_of(shop, {.target = "asets", .arguments = {}, .contexts = {}}),
            "Dockerfile: target stage \"asets\" could not be found; did you mean assets?");
  EXPECT_EQ(refusal_of("FROM a AS x\nCOPY --from=b x y\nFROM c AS b\nFROM x\n"),
            "Dockerfile:2:6: \"b\" is no stage before this one; a stage takes files from earlier "
            "stages");
  EXPECT_EQ(refusal_of("FROM a\nCOPY --from=b x y\nFROM c AS b\n"), "") << "nobody needs it";
  EXPECT_NE(refusal_of("FROM a AS x\nCOPY --from=x y z\n"), "");
  EXPECT_NE(refusal_of("FROM $NOTHING\n"), "");
  EXPECT_NE(refusal_of("FROM --platform=plan9/mips a\n"), "");
}

}  // namespace
}  // namespace stack::build
