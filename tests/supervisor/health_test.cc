// SPDX-License-Identifier: Apache-2.0
#include "supervisor/health.h"

#include <gtest/gtest.h>

#include <string>

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr HealthMonitor::Time start{1000s};

HealthPolicy policy() {
  HealthPolicy policy;
  policy.interval = 10s;
  policy.start_interval = 1s;
  policy.retries = 2;
  return policy;
}

/// Runs the checks that become due, each taking no time, and writes down what came of them:
/// "SECOND:health" after each.
std::string history(HealthMonitor monitor, const std::string& results) {
  std::string text;
  for (const char result : results) {
    const auto now = monitor.next_check();
    monitor.record(result == '+' ? ProbeResult::passed : ProbeResult::failed, now, now);
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(now - start).count();
    text += std::to_string(second) + ":" + std::string(to_text(monitor.health())) + " ";
  }
  return text;
}

TEST(Health, TheFirstCheckComesAtOnce) {
  EXPECT_EQ(history({policy(), start, Health::starting}, "+"), "0:healthy ");
}

TEST(Health, TheFirstCheckDoesNotCountWhenItFails) {
  EXPECT_EQ(history({policy(), start, Health::starting}, "---"),
            "0:starting 10:starting 20:unhealthy ");
}

TEST(Health, OnlyFailuresInARowMakeItUnhealthy) {
  EXPECT_EQ(history({policy(), start, Health::starting}, "+-+--"),
            "0:healthy 10:healthy 20:healthy 30:healthy 40:unhealthy ");
}

TEST(Health, OneSuccessMakesItHealthyAgain) {
  EXPECT_EQ(history({policy(), start, Health::unhealthy}, "-+"), "0:unhealthy 10:healthy ");
}

TEST(Health, InTheStartPeriodItIsAskedMoreOftenAndFailuresDoNotCount) {
  HealthPolicy slow = policy();
  slow.start_period = 3s;
  EXPECT_EQ(history({slow, start, Health::starting}, "------"),
            "0:starting 1:starting 2:starting 3:starting 13:unhealthy 23:unhealthy ");
}

TEST(Health, TheStartPeriodEndsWithTheFirstSuccess) {
  HealthPolicy slow = policy();
  slow.start_period = 60s;
  EXPECT_EQ(history({slow, start, Health::starting}, "-+--"),
            "0:starting 1:healthy 11:healthy 21:unhealthy ");
}

TEST(Health, ASlowCheckPutsOffTheNext) {
  HealthMonitor monitor(policy(), start, Health::starting);
  monitor.record(ProbeResult::passed, start, start + 4s);
  EXPECT_EQ(monitor.next_check(), start + 14s);
}

}  // namespace
}  // namespace stack::supervisor
