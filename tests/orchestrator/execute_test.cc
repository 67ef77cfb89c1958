// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/execute.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "world.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

Plan chain_and_loner() {
  Plan plan;
  plan.steps.push_back({CreateVolume{"a"}, "", {}});
  plan.steps.push_back({CreateVolume{"b"}, "", {0}});
  plan.steps.push_back({CreateVolume{"c"}, "", {1}});
  plan.steps.push_back({CreateVolume{"d"}, "", {}});
  return plan;
}

const DesiredState nothing;

TEST(Execute, RunsEveryStepAfterThoseItDependsOn) {
  World world(nothing);
  Report silent;
  const Execution execution = execute(chain_and_loner(), world, silent, [] { return false; });
  EXPECT_TRUE(execution.succeeded());
  EXPECT_EQ(world.performed, (std::vector<std::string>{"create volume a", "create volume d",
                                                       "create volume b", "create volume c"}));
}

TEST(Execute, AFailureSkipsWhatIsBelowItAndNothingElse) {
  World world(nothing);
  world.failing = {0};
  Report silent;
  const Execution execution = execute(chain_and_loner(), world, silent, [] { return false; });
  EXPECT_EQ(execution.results, (std::vector<StepResult>{StepResult::failed, StepResult::skipped,
                                                        StepResult::skipped, StepResult::done}));
  ASSERT_EQ(execution.errors.size(), 1U);
  EXPECT_STREQ(execution.errors[0].what(), "as the test wants it");
}

TEST(Execute, AnInterruptionStartsNothingNew) {
  World world(nothing);
  Report silent;
  const Execution execution =
      execute(chain_and_loner(), world, silent, [&] { return !world.performed.empty(); });
  EXPECT_TRUE(execution.interrupted);
  EXPECT_EQ(world.performed.size(), 2U);
  EXPECT_EQ(execution.results[2], StepResult::waiting);
}

}  // namespace
}  // namespace stack::orchestrator
