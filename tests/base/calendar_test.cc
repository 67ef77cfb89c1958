// SPDX-License-Identifier: Apache-2.0
#include "base/calendar.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace stack {
namespace {

std::string text(std::tm calendar) {
  std::array<char, 64> buffer{};
  // Day of the week and of the year, too.
  std::strftime(buffer.data(), buffer.size(), "%a %j %Y-%m-%d %H:%M:%S", &calendar);
  return buffer.data();
}

TEST(Calendar, OfSomeTimes) {
  EXPECT_EQ(text(utc_calendar(0)), "Thu 001 1970-01-01 00:00:00");
  EXPECT_EQ(text(utc_calendar(951782400)), "Tue 060 2000-02-29 00:00:00");
  EXPECT_EQ(text(utc_calendar(-1)), "Wed 365 1969-12-31 23:59:59");
}

/// Over some centuries, in steps that fall on every time of the day.
TEST(Calendar, IsThatOfTheCLibrary) {
  for (std::time_t seconds = -20'000'000'000; seconds < 20'000'000'000; seconds += 3'333'337) {
    std::tm theirs{};
    ::gmtime_r(&seconds, &theirs);
    ASSERT_EQ(text(utc_calendar(seconds)), text(theirs)) << seconds;
    ASSERT_EQ(seconds_of_utc(theirs), seconds);
  }
}

TEST(Calendar, FieldsBeyondTheirRangeCountOn) {
  std::tm calendar{};
  calendar.tm_year = 123;
  calendar.tm_mon = 13;
  calendar.tm_mday = 32;
  calendar.tm_hour = 25;
  calendar.tm_min = -1;
  std::tm theirs = calendar;
  EXPECT_EQ(seconds_of_utc(calendar), ::timegm(&theirs));
}

}  // namespace
}  // namespace stack
