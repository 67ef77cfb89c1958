// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_board.h"

#include <gtest/gtest.h>

#include "base/format.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using namespace std::chrono_literals;
using spec::Condition;

/// web waits for db to be healthy and for migrate to end well.
Plan shop() {
  Plan plan;
  plan.steps = {
      {CreateNetwork{"shop_default"}, "absent", {}},                                      // 0
      {CreateContainer{"db-1"}, "absent", {0}},                                           // 1
      {CreateContainer{"migrate-1"}, "absent", {0}},                                      // 2
      {CreateContainer{"web-1"}, "absent", {0}},                                          // 3
      {StartContainer{"db-1"}, "created", {1}},                                           // 4
      {AwaitCondition{"db-1", Condition::service_healthy}, "web", {4}},                   // 5
      {StartContainer{"migrate-1"}, "created", {2}},                                      // 6
      {AwaitCondition{"migrate-1", Condition::service_completed_successfully}, "", {6}},  // 7
      {StartContainer{"web-1"}, "created", {3, 5, 7}},                                    // 8
  };
  return plan;
}

/// A board that is told what happens, a tenth of a second apart.
class ProgressBoardTest : public ::testing::Test {
 protected:
  void begin(const Plan& plan) { board_.plan_begins(plan, now_); }
  void begins(StepId id) { board_.step_begins(id, now_ += 100ms); }
  void ends(StepId id, StepResult result = StepResult::done, const std::string& note = "") {
    board_.step_ends(id, result, note, now_ += 100ms);
  }
  void notes(StepId id, const std::string& note) { board_.step_notes(id, note); }
  void does(std::initializer_list<StepId> ids) {
    for (const StepId id : ids) {
      begins(id);
      ends(id);
    }
  }
  void interrupted() { board_.plan_ends(now_ += 100ms); }

  std::string text() const {
    std::string lines;
    for (const ProgressRow& row : board_.rows(now_)) {
      lines += fmt::format("{} {}: {}", marks[static_cast<std::size_t>(row.state)], row.subject,
                           row.phase);
      if (!row.note.empty()) lines += fmt::format(" ({})", row.note);
      if (row.time) lines += fmt::format(" {}", std::chrono::duration<double>(*row.time).count());
      lines += '\n';
    }
    return lines;
  }

 private:
  static constexpr std::string_view marks = ".*+!-";
  ProgressBoard board_;
  ProgressBoard::Time now_{};
};

TEST_F(ProgressBoardTest, EachObjectHasARowFromTheBeginning) {
  begin(shop());
  EXPECT_EQ(text(),
            ". Network shop_default: \n"
            ". Container db-1: \n"
            ". Container migrate-1: \n"
            ". Container web-1: \n");
}

TEST_F(ProgressBoardTest, WhoWaitsSaysForWhat) {
  begin(shop());
  does({0, 1, 2, 3, 4});
  begins(5);
  begins(6);
  EXPECT_EQ(text(),
            "+ Network shop_default: Created 0.1\n"
            "* Container db-1: Started, not healthy yet 0.9\n"
            "* Container migrate-1: Starting 0.7\n"
            ". Container web-1: Waits for db-1 (healthy), migrate-1 (exit 0) 0.5\n");
}

TEST_F(ProgressBoardTest, OnlyWhatIsOverForGoodIsDone) {
  begin(shop());
  does({0, 1, 2, 3, 4, 5, 6});
  begins(7);
  EXPECT_EQ(text(),
            "+ Network shop_default: Created 0.1\n"
            "+ Container db-1: Healthy 0.9\n"
            "* Container migrate-1: Running 1\n"
            ". Container web-1: Waits for migrate-1 (exit 0) 0.8\n");
  ends(7);
  does({8});
  EXPECT_EQ(text(),
            "+ Network shop_default: Created 0.1\n"
            "+ Container db-1: Healthy 0.9\n"
            "+ Container migrate-1: Completed 1.1\n"
            "+ Container web-1: Started 1.1\n");
}

TEST_F(ProgressBoardTest, AFailureAndWhatItTakesAlong) {
  begin(shop());
  does({0, 1, 2, 3});
  begins(4);
  ends(4, StepResult::failed, "no such program");
  ends(5, StepResult::skipped);
  ends(8, StepResult::skipped);
  EXPECT_EQ(text(),
            "+ Network shop_default: Created 0.1\n"
            "! Container db-1: Error 0.7\n"
            ". Container migrate-1: Created 0.7\n"
            "- Container web-1: Skipped 0.1\n");
}

TEST_F(ProgressBoardTest, WhatANoteSaysStays) {
  begin(shop());
  begins(0);
  ends(0, StepResult::done, "reused");
  EXPECT_EQ(text().substr(0, text().find('\n')), "+ Network shop_default: Created (reused) 0.1");
}

TEST_F(ProgressBoardTest, WhatIsToldMeanwhileIsShownUntilItIsOver) {
  Plan plan;
  plan.steps = {{RunProvider{"db", RunProvider::Command::up}, "asked for", {}}};
  begin(plan);
  begins(0);
  notes(0, "preparing");
  EXPECT_EQ(text(), "* Service db: Creating (preparing) 0\n");
  notes(0, "almost there");
  EXPECT_EQ(text(), "* Service db: Creating (almost there) 0\n");
  ends(0);
  EXPECT_EQ(text(), "+ Service db: Created 0.1\n");
}

TEST_F(ProgressBoardTest, BrokenOffNothingWaitsAnyMore) {
  begin(shop());
  does({0, 1});
  interrupted();
  EXPECT_EQ(text(),
            "+ Network shop_default: Created 0.1\n"
            ". Container db-1: Created 0.1\n"
            ". Container migrate-1: Not begun\n"
            ". Container web-1: Not begun\n");
}

TEST_F(ProgressBoardTest, ARescueIsShownOnceItIsNeeded) {
  Plan plan;
  plan.steps = {{StartContainer{"web-1"}, "", {}},
                {BringContainerBack{"web-1", "old_web-1"}, "", {}, {0}},
                {RemoveContainer{"spare-1"}, "", {1}}};
  begin(plan);
  does({0});
  EXPECT_EQ(text(), "+ Container web-1: Started 0.1\n");
  begin(plan);
  begins(0);
  ends(0, StepResult::failed);
  begins(1);
  EXPECT_EQ(text(),
            "* Container web-1: Bringing back 0.2\n"
            ". Container spare-1: Waits for web-1 0.3\n");
  ends(1);
  begins(2);
  EXPECT_EQ(text(),
            "! Container web-1: Error 0.3\n"
            "* Container spare-1: Removing 0\n");
}

}  // namespace
}  // namespace stack::cli
