// SPDX-License-Identifier: Apache-2.0
#include "supervisor/restart_policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

/// What the policy answers to each end in turn: milliseconds, or "stay".
std::string answers(RestartPolicy policy, const std::vector<RunEnd>& ends) {
  std::string text;
  for (const RunEnd& end : ends) {
    const auto pause = policy.after(end);
    text += pause ? std::to_string(*pause / 1ms) : "stay";
    text += ' ';
  }
  return text;
}

TEST(RestartPolicy, NoMeansNo) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::no}), {{1, 1s}}), "stay ");
}

TEST(RestartPolicy, WhoWasEndedForItsHealthIsStartedAgainAsOftenAsThePolicyAllows) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::no}), {{143, 1s, true}}), "100 ");
  EXPECT_EQ(answers(RestartPolicy({RestartKind::on_failure, 1}), {{0, 1s, true}, {0, 1s, true}}),
            "100 stay ");
}

TEST(RestartPolicy, AlwaysAlsoRestartsAfterSuccess) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::always}), {{0, 1s}}), "100 ");
}

TEST(RestartPolicy, PausesDoubleUpToOneMinute) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::unless_stopped}), std::vector<RunEnd>(12, {1, 1s})),
            "100 200 400 800 1600 3200 6400 12800 25600 51200 60000 60000 ");
}

TEST(RestartPolicy, TenSecondsOfLifeMakeThePauseShortAgain) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::always}), {{1, 1s}, {1, 1s}, {1, 10s}, {1, 1s}}),
            "100 200 100 200 ");
}

TEST(RestartPolicy, OnFailureLeavesSuccessAlone) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::on_failure}), {{3, 1s}, {0, 1s}}), "100 stay ");
}

TEST(RestartPolicy, OnFailureGivesUpAfterItsAttempts) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::on_failure, 2}), {{1, 1s}, {1, 1s}, {1, 1s}}),
            "100 200 stay ");
}

TEST(RestartPolicy, AnyConditionHasItsAttemptsToo) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::always, 2}), {{0, 1s}, {0, 1s}, {0, 1s}}),
            "100 200 stay ");
}

TEST(RestartPolicy, ADelayOfItsOwnStaysTheSame) {
  RestartRule rule{RestartKind::always};
  rule.delay = 5s;
  EXPECT_EQ(answers(RestartPolicy(rule), std::vector<RunEnd>(4, {1, 1s})), "5000 5000 5000 5000 ");
}

TEST(RestartPolicy, WhoLivedForTheWindowWasStartedWellAndHasAllAttemptsAgain) {
  RestartRule rule{RestartKind::on_failure, 2};
  rule.delay = 1s;
  rule.window = 30s;
  EXPECT_EQ(answers(RestartPolicy(rule), {{1, 1s}, {1, 29s}, {1, 30s}, {1, 1s}, {1, 1s}}),
            "1000 1000 1000 1000 stay ");
  rule.window = 0s;
  EXPECT_EQ(answers(RestartPolicy(rule), {{1, 1h}, {1, 1h}, {1, 1h}}), "1000 1000 stay ")
      << "without a window every attempt counts";
}

TEST(RestartPolicy, AnUnknownEndIsAFailure) {
  EXPECT_EQ(answers(RestartPolicy({RestartKind::on_failure}), {{std::nullopt, 0s}}), "100 ");
}

TEST(RestartPolicy, AStartByHandBeginsANewCount) {
  RestartPolicy policy({RestartKind::on_failure, 1});
  EXPECT_TRUE(policy.after({1, 1s}));
  EXPECT_FALSE(policy.after({1, 1s}));
  policy.reset();
  EXPECT_EQ(policy.after({1, 1s}), 100ms);
}

}  // namespace
}  // namespace stack::supervisor
