// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/execute.h"

#include <gtest/gtest.h>

#include <deque>

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

TEST(Execute, NoMoreIsUnderWayThanIsAllowed) {
  World world(nothing);
  Report silent;
  execute(
      chain_and_loner(), world, silent, [] { return false; }, 1);
  // The one without a predecessor does not begin beside the first.
  EXPECT_EQ(world.performed, (std::vector<std::string>{"create volume a", "create volume b",
                                                       "create volume c", "create volume d"}));
}

TEST(Execute, StepsThatWaitForEachOtherAreAnError) {
  Plan plan;
  plan.steps.push_back({CreateVolume{"a"}, "", {}});
  plan.steps.push_back({CreateVolume{"b"}, "", {2}});
  plan.steps.push_back({CreateVolume{"c"}, "", {1}});
  World world(nothing);
  Report silent;
  const Execution execution = execute(plan, world, silent, [] { return false; });
  ASSERT_EQ(execution.errors.size(), 1U);
  EXPECT_STREQ(execution.errors[0].what(),
               "internal error: steps wait for each other: #1 create volume b, #2 create volume c");
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

/// A database is recreated, and its successor is waited for by that and by who depends on it.
TEST(Execute, AContainerThatSeveralWaitForHasFailedOnce) {
  Plan plan;
  plan.steps.push_back({AwaitCondition{"db"}, "it takes another one's place", {}});
  plan.steps.push_back({AwaitSettled{"db"}, "all or nothing", {}});
  plan.steps.push_back({AwaitCondition{"db"}, "web depends on it", {}});
  plan.steps.push_back({AwaitCondition{"cache"}, "web depends on it", {}});
  plan.steps.push_back({StartContainer{"web"}, "created", {2}});
  World world(nothing);
  world.failing = {0, 1, 2, 3};
  Report silent;
  const Execution execution = execute(plan, world, silent, [] { return false; });
  ASSERT_EQ(execution.errors.size(), 2U);
  EXPECT_STREQ(execution.errors[0].what(), "dependency failed to start: as the test wants it");
  EXPECT_STREQ(execution.errors[1].what(), "as the test wants it");
}

Plan change_with_rescue() {
  Plan plan;
  plan.steps.push_back({CreateVolume{"new"}, "", {}});
  plan.steps.push_back({CreateVolume{"use"}, "", {0}});
  plan.steps.push_back({CreateVolume{"rescue"}, "", {}, {0, 1}});
  plan.steps.push_back({CreateVolume{"after the rescue"}, "", {2}});
  return plan;
}

/// Tells something of each step before it ends.
class TalkativeEngine : public Engine {
 public:
  ObservedState observe() override { return {}; }
  void perform(StepId step, const Action& /*action*/) override {
    outcomes_.push_back({step, {}, "half way", true});
    outcomes_.push_back({step, {}, "all of it"});
  }
  std::optional<Outcome> next(std::chrono::milliseconds /*patience*/) override {
    if (outcomes_.empty()) return std::nullopt;
    Outcome outcome = outcomes_.front();
    outcomes_.pop_front();
    return outcome;
  }

 private:
  std::deque<Outcome> outcomes_;
};

/// Begins everything, and ends nothing.
class LastingEngine : public Engine {
 public:
  ObservedState observe() override { return {}; }
  void perform(StepId /*step*/, const Action& /*action*/) override { ++begun; }
  std::optional<Outcome> next(std::chrono::milliseconds /*patience*/) override {
    return std::nullopt;
  }
  bool may_be_left(const Action& action) const override {
    return std::holds_alternative<StartContainer>(action);
  }
  int begun = 0;
};

class NotingReport : public Report {
 public:
  std::vector<std::string> heard;
  void step_notes(StepId id, const Step& /*step*/, const std::string& text) override {
    heard.push_back(fmt::format("#{} {}", id, text));
  }
  void step_ends(StepId id, const Step& /*step*/, StepResult /*result*/,
                 const std::string& text) override {
    heard.push_back(fmt::format("#{} ends: {}", id, text));
  }
};

TEST(Execute, WhatIsToldOfAStepThatGoesOnEndsNothing) {
  Plan plan;
  plan.steps = {{CreateVolume{"a"}, "", {}}, {CreateVolume{"b"}, "", {0}}};
  TalkativeEngine engine;
  NotingReport report;
  const Execution execution = execute(plan, engine, report, [] { return false; });
  EXPECT_TRUE(execution.succeeded());
  EXPECT_EQ(report.heard, (std::vector<std::string>{"#0 half way", "#0 ends: all of it",
                                                    "#1 half way", "#1 ends: all of it"}));
}

TEST(Execute, WhoeverBreaksOffDoesNotWaitForWhatMayBeLeft) {
  Plan plan;
  plan.steps = {{StartContainer{"hooked"}, "", {}}, {CreateVolume{"b"}, "", {0}}};
  LastingEngine engine;
  Report report;
  const Execution execution = execute(plan, engine, report, [&] { return engine.begun > 0; });
  EXPECT_TRUE(execution.interrupted);
  EXPECT_EQ(execution.results[0], StepResult::running);
  EXPECT_EQ(execution.results[1], StepResult::waiting);
}

TEST(Execute, ARescueIsTakenWhenSomethingFailed) {
  World world(nothing);
  world.failing = {0};
  Report silent;
  const Execution execution = execute(change_with_rescue(), world, silent, [] { return false; });
  EXPECT_FALSE(execution.succeeded());
  EXPECT_EQ(execution.results, (std::vector<StepResult>{StepResult::failed, StepResult::skipped,
                                                        StepResult::done, StepResult::done}));
}

TEST(Execute, ARescueIsNotTakenWhenAllWentWell) {
  World world(nothing);
  Report silent;
  const Execution execution = execute(change_with_rescue(), world, silent, [] { return false; });
  EXPECT_TRUE(execution.succeeded());
  EXPECT_EQ(execution.results,
            (std::vector<StepResult>{StepResult::done, StepResult::done, StepResult::unneeded,
                                     StepResult::unneeded}));
  EXPECT_EQ(world.performed, (std::vector<std::string>{"create volume new", "create volume use"}));
}

/// A world in which nothing that is waited for ever comes.
class Waiting : public World {
 public:
  using World::World;
  void perform(StepId step, const Action& action) override {
    if (!std::holds_alternative<AwaitCondition>(action)) World::perform(step, action);
  }
};

TEST(Execute, AfterAnInterruptionNoConditionIsWaitedFor) {
  Plan plan;
  plan.steps = {{AwaitCondition{"shop-a-1"}, "", {}}, {StartContainer{"shop-b-1"}, "", {0}}};
  Waiting world(nothing);
  Report silent;
  int looks = 0;
  const Execution execution = execute(plan, world, silent, [&] { return ++looks > 2; });
  EXPECT_TRUE(execution.interrupted);
  EXPECT_EQ(execution.results[0], StepResult::running);
  EXPECT_EQ(execution.results[1], StepResult::waiting);
}

}  // namespace
}  // namespace stack::orchestrator
