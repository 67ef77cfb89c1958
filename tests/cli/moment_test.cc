// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace stack::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::system_clock::time_point;

constexpr TimePoint asked_at{seconds(1'800'000'000)};

class Moment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::setenv("TZ", "UTC-2", 1);  // two hours east
    ::tzset();
  }
  /// Milliseconds since the epoch; -1 for what is none.
  static std::int64_t of(std::string_view text) {
    const auto moment = parse_moment(text, asked_at);
    return moment ? moment->time_since_epoch() / milliseconds(1) : -1;
  }
};

TEST_F(Moment, ADurationIsBeforeNow) {
  EXPECT_EQ(parse_moment("10m", asked_at), asked_at - std::chrono::minutes(10));
  EXPECT_EQ(parse_moment("1h30m", asked_at), asked_at - std::chrono::minutes(90));
}

TEST_F(Moment, ABareNumberIsSecondsSince1970) {
  EXPECT_EQ(of("0"), 0);
  EXPECT_EQ(of("90"), 90'000);
}

TEST_F(Moment, ATimeIsOfToday) {
  // `asked_at` is 2027-01-15T08:00:00Z: ten o'clock here.
  EXPECT_EQ(of("10:00:00"), 1'800'000'000'000);
  EXPECT_EQ(of("10:00"), 1'800'000'000'000);
  EXPECT_EQ(of("09:59:59.5"), 1'799'999'999'500);
  EXPECT_EQ(of("25:00"), -1);
}

TEST_F(Moment, ANumberIsSecondsSinceTheEpoch) {
  EXPECT_EQ(of("1136073600"), 1'136'073'600'000);
  EXPECT_EQ(of("1136073600.25"), 1'136'073'600'250);
}

TEST_F(Moment, ADateMayNameItsZone) {
  EXPECT_EQ(of("2006-01-01T00:00:00Z"), 1'136'073'600'000);
  EXPECT_EQ(of("2006-01-01T00:00:00.5Z"), 1'136'073'600'500);
  EXPECT_EQ(of("2006-01-01T01:00:00+01:00"), 1'136'073'600'000);
  EXPECT_EQ(of("2005-12-31T23:30:00-00:30"), 1'136'073'600'000);
}

TEST_F(Moment, ADateWithoutOneIsLocal) {
  EXPECT_EQ(of("2006-01-01T02:00:00"), 1'136'073'600'000);
  EXPECT_EQ(of("2006-01-01T02:00"), 1'136'073'600'000);
  EXPECT_EQ(of("2006-01-01T02"), 1'136'073'600'000);
  EXPECT_EQ(of("2006-01-01"), 1'136'066'400'000);
}

TEST_F(Moment, OtherThingsAreNone) {
  for (const char* text : {"", "yesterday", "2006-13-01", "2006-01-01T00:00:00Q", "1.2.3", "10 m",
                           "2006-01-01T00:00:00+1", "2006-01-01Tx", "99999999999999999999"})
    EXPECT_EQ(of(text), -1) << text;
}

}  // namespace
}  // namespace stack::cli
