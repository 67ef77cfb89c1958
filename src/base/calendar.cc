// SPDX-License-Identifier: Apache-2.0
#include "base/calendar.h"

#include <chrono>

namespace stack {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int first_year = 1900;  // of struct tm

sys_days first_of(year y) {
  return sys_days(y / std::chrono::January / 1);
}

}  // namespace

std::tm utc_calendar(std::int64_t since_epoch) {
  const sys_days day(std::chrono::floor<days>(seconds(since_epoch)));
  const year_month_day date(day);
  const seconds rest = seconds(since_epoch) - day.time_since_epoch();
  std::tm calendar{};
  calendar.tm_year = static_cast<int>(date.year()) - first_year;
  calendar.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  calendar.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  calendar.tm_hour = static_cast<int>(rest / hours(1));
  calendar.tm_min = static_cast<int>(rest % hours(1) / minutes(1));
  calendar.tm_sec = static_cast<int>(rest % minutes(1) / seconds(1));
  calendar.tm_wday = static_cast<int>(std::chrono::weekday(day).c_encoding());
  calendar.tm_yday = static_cast<int>((day - first_of(date.year())).count());
  return calendar;
}

std::int64_t seconds_of_utc(const std::tm& calendar) {
  const year_month_day month =
      year(first_year + calendar.tm_year) / std::chrono::January / 1 + months(calendar.tm_mon);
  const auto time = sys_days(month) + days(calendar.tm_mday - 1) + hours(calendar.tm_hour) +
                    minutes(calendar.tm_min) + seconds(calendar.tm_sec);
  return time.time_since_epoch() / seconds(1);
}

}  // namespace stack
