// SPDX-License-Identifier: Apache-2.0
#include "supervisor/id_pool.h"

#include <gtest/gtest.h>

#include "examples.h"
#include "supervisor/project_files.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

constexpr std::uint32_t usual = 65536;
constexpr auto first = static_cast<std::uint32_t>(usual_ids.first);

TEST(IdPool, LinesOfSubordinateIdsAreReadAndOthersLeftOut) {
  EXPECT_EQ(parse_subordinate_ids(
                "me:100000:65536\n# a remark\n\n1000:1:2 \nstack:x:1\nstack:1:0\n:::\n"),
            (std::vector<SubordinateIds>{{"me", {100000, 65536}}, {"1000", {1, 2}}}));
}

TEST(IdPool, WithoutALineOfOursTheUsualBlockIsTaken) {
  EXPECT_EQ(choose_ids(usual, {}, {}), first);
  EXPECT_EQ(choose_ids(usual, {{"me", {100000, 65536}}}, {}), first);
}

TEST(IdPool, WhatIsTakenIsSkippedAndAGapIsFilled) {
  EXPECT_EQ(choose_ids(usual, {}, {{first, usual}}), first + usual);
  EXPECT_EQ(choose_ids(usual, {}, {{first + usual, 10}, {first, usual}}), first + usual + 10);
  EXPECT_EQ(choose_ids(10, {}, {{first, 5}, {first + 15, usual}}), first + 5);
}

TEST(IdPool, OfTheUsualBlockNobodyElsesIdsAreTaken) {
  EXPECT_EQ(choose_ids(usual, {{"me", {first - 10, 20}}, {"you", {first + usual, 1}}}, {}),
            first + usual + 1);
  EXPECT_EQ(choose_ids(usual, {{"me", usual_ids}}, {}), std::nullopt);
}

TEST(IdPool, OurOwnLinesAreUsedUpOneAfterTheOther) {
  const std::vector<SubordinateIds> ours = {{"stack", {200000, 100}}, {"stack", {300000, 200}}};
  EXPECT_EQ(choose_ids(100, ours, {}), 200000U);
  EXPECT_EQ(choose_ids(100, ours, {{200000, 1}}), 300000U);
  EXPECT_EQ(choose_ids(150, ours, {}), 300000U);
  EXPECT_EQ(choose_ids(150, ours, {{300100, 1}}), std::nullopt);
}

TEST(IdPool, BlocksAreReadFromTheRecordsOfAllStacks) {
  TemporaryDirectory directory;
  const HostPaths paths{directory.path() / "data", directory.path() / "run"};
  for (const auto& [project, block] : {std::pair{"shop", IdBlock{first, first, usual}},
                                       {"blog", IdBlock{500, 600, 7}},
                                       {"none", {}}}) {
    ContainerConfig config = full_config();
    config.spec.ids = block;
    const ProjectFiles files{paths, project};
    make_directories(files.container(config.id));
    write_config(files, config, TimePoint());
  }
  EXPECT_EQ(id_blocks_in_use(paths), (std::vector<IdBlock>{{500, 600, 7}, {first, first, usual}}));
}

}  // namespace
}  // namespace stack::supervisor
