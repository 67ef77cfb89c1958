// SPDX-License-Identifier: Apache-2.0
#include "cli/log_moments.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"

namespace stack::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using supervisor::Event;
using TimePoint = LogWindow::TimePoint;

constexpr TimePoint told_at{seconds(1'800'000'000)};  // 08:00 by UTC

TimePoint at(int second) {
  return told_at + seconds(second);
}

Event happened(int second, const std::string& service, const std::string& action) {
  return {at(second), "container", action, service, "id", {{"name", "shop-" + service + "-1"}}};
}

const std::vector<Event> story{happened(1, "db", "start"),
                               happened(2, "db", "health_status: healthy"),
                               happened(3, "web", "start"),
                               happened(4, "web", "die"),
                               happened(5, "db", "die"),
                               happened(6, "db", "start"),
                               happened(7, "db", "health_status: healthy"),
                               happened(8, "web", "start"),
                               happened(9, "web", "die")};

LogWindow between(std::string_view text) {
  return window_between(text, story, told_at);
}

class LogMoments : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(LogMoments, AroundATime) {
  EXPECT_EQ(window_at("08:00:00", told_at),
            (LogWindow{told_at - seconds(2), told_at + seconds(2)}));
  EXPECT_EQ(window_at("08:00±500ms", told_at),
            (LogWindow{told_at - milliseconds(500), told_at + milliseconds(500)}));
  EXPECT_EQ(window_at("08:00 +- 1m", told_at),
            (LogWindow{told_at - seconds(60), told_at + seconds(60)}));
  for (const char* text : {"", "x", "08:00±", "08:00±x", "±2s"})
    EXPECT_THROW(window_at(text, told_at), Error) << text;
}

TEST_F(LogMoments, BetweenTwoOfThem) {
  EXPECT_EQ(between("08:00:01..08:00:02"), (LogWindow{at(1), at(2)}));
  EXPECT_EQ(between("08:00:01.."), (LogWindow{at(1), std::nullopt}));
  EXPECT_EQ(between("..08:00:02"), (LogWindow{std::nullopt, at(2)}));
}

TEST_F(LogMoments, BetweenTheLastOfOneAndTheNextOfAnother) {
  EXPECT_EQ(between("db.ready..web.exit"), (LogWindow{at(7), at(9)}));
  EXPECT_EQ(between("web.start .. 08:01"), (LogWindow{at(8), at(60)}));
  EXPECT_EQ(between("..db.exit"), (LogWindow{std::nullopt, at(5)}));
}

TEST_F(LogMoments, WhatNeverHappenedIsTold) {
  EXPECT_THROW(between("db.oom..web.exit"), Error);
  EXPECT_THROW(between("web.exit..db.exit"), Error) << "not after that";
  EXPECT_THROW(between("cache.start.."), Error);
  for (const char* text : {"", "10:00", "x..y", "db.sneezed..web.exit"})
    EXPECT_THROW(between(text), Error) << text;
}

TEST_F(LogMoments, RunsAreCountedFromBothEnds) {
  const TimePoint before_second = at(6) - std::chrono::nanoseconds(1);
  EXPECT_EQ(windows_of_run(-1, story).at("shop-db-1"), (LogWindow{at(6), std::nullopt}));
  EXPECT_EQ(windows_of_run(-2, story).at("shop-db-1"), (LogWindow{at(1), before_second}));
  EXPECT_EQ(windows_of_run(1, story).at("shop-db-1"), (LogWindow{at(1), before_second}));
  EXPECT_EQ(windows_of_run(2, story).at("shop-web-1"), (LogWindow{at(8), std::nullopt}));
  EXPECT_TRUE(windows_of_run(3, story).empty());
  EXPECT_TRUE(windows_of_run(-3, story).empty());
}

TEST_F(LogMoments, WhatTwoWindowsHaveInCommon) {
  EXPECT_EQ(common({at(1), std::nullopt}, {at(2), at(3)}), (LogWindow{at(2), at(3)}));
  EXPECT_EQ(common({at(1), at(5)}, {at(0), at(3)}), (LogWindow{at(1), at(3)}));
  EXPECT_EQ(common({}, {}), LogWindow{});
}

}  // namespace
}  // namespace stack::cli
