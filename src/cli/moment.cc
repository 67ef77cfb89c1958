// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <ctime>
#include <string>

#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "spec/scalars.h"

namespace stack::cli {
namespace {

using std::chrono::nanoseconds;
using TimePoint = std::chrono::system_clock::time_point;

/// ".25" as nanoseconds; none is 0. Digits beyond the ninth are left out.
std::optional<nanoseconds> parse_fraction(std::string_view text) {
  if (text.empty()) return nanoseconds(0);
  if (text[0] != '.' || text.size() < 2) return std::nullopt;
  std::string digits(text.substr(1, 9));
  digits.resize(9, '0');
  if (text.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
  return nanoseconds(parse_integer<std::int64_t>(digits).value_or(0));
}

std::optional<TimePoint> parse_seconds(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto seconds = parse_integer<std::int64_t>(text.substr(0, dot));
  const auto fraction = parse_fraction(text.substr(dot));
  constexpr std::int64_t last_second = 9'000'000'000;  // what fits into nanoseconds
  if (!seconds || !fraction || *seconds < 0 || *seconds > last_second) return std::nullopt;
  return TimePoint(std::chrono::seconds(*seconds) + *fraction);
}

/// "Z", "+02:00" or nothing, which is local time, in seconds east of Greenwich.
struct Zone {
  std::string_view rest;  ///< what stands before it
  std::optional<long> offset;
};

std::optional<Zone> split_zone(std::string_view text) {
  if (text.ends_with('Z') || text.ends_with('z')) return Zone{text.substr(0, text.size() - 1), 0};
  const std::size_t time = text.find('T');
  const std::size_t sign = time == std::string_view::npos ? time : text.find_first_of("+-", time);
  if (sign == std::string_view::npos) return Zone{text, std::nullopt};
  const std::string_view zone = text.substr(sign + 1);
  if (zone.size() != 5 || zone[2] != ':') return std::nullopt;
  const auto hours = parse_integer<unsigned>(zone.substr(0, 2));
  const auto minutes = parse_integer<unsigned>(zone.substr(3));
  if (!hours || !minutes) return std::nullopt;
  const long offset = static_cast<long>(*hours * 3600 + *minutes * 60);
  return Zone{text.substr(0, sign), text[sign] == '-' ? -offset : offset};
}

std::optional<TimePoint> parse_date(std::string_view text) {
  const auto zone = split_zone(text);
  if (!zone) return std::nullopt;
  const std::size_t dot = std::min(zone->rest.find('.'), zone->rest.size());
  const auto fraction = parse_fraction(zone->rest.substr(dot));
  const std::string date(zone->rest.substr(0, dot));
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H", "%Y-%m-%d"}) {
    std::tm calendar{};
    const char* const end = ::strptime(date.c_str(), format, &calendar);
    if (end == nullptr || *end != '\0' || !fraction) continue;
    calendar.tm_isdst = -1;
    const std::time_t seconds =
        zone->offset ? seconds_of_utc(calendar) - *zone->offset : std::mktime(&calendar);
    return TimePoint(std::chrono::seconds(seconds) + *fraction);
  }
  return std::nullopt;
}

/// "10:31", "10:31:05.25": of today, in local time.
std::optional<TimePoint> parse_time_of_day(std::string_view text, TimePoint now) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto fraction = parse_fraction(text.substr(dot));
  const std::string time(text.substr(0, dot));
  for (const char* format : {"%H:%M:%S", "%H:%M"}) {
    const std::time_t today = std::chrono::system_clock::to_time_t(now);
    std::tm calendar{};
    ::localtime_r(&today, &calendar);
    calendar.tm_sec = 0;
    const char* const end = ::strptime(time.c_str(), format, &calendar);
    if (end == nullptr || *end != '\0' || !fraction) continue;
    calendar.tm_isdst = -1;
    return TimePoint(std::chrono::seconds(std::mktime(&calendar)) + *fraction);
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimePoint> parse_moment(std::string_view text, TimePoint now) {
  if (const auto moment = parse_seconds(text)) return moment;
  if (const auto ago = spec::parse_duration(text)) return now - *ago;
  if (const auto moment = parse_time_of_day(text, now)) return moment;
  return parse_date(text);
}

std::optional<std::chrono::system_clock::time_point> moment_of(const std::string& text,
                                                               const char* flag) {
  if (text.empty()) return std::nullopt;
  const auto moment = parse_moment(text, std::chrono::system_clock::now());
  if (!moment) {
    throw Error(fmt::format("{} takes a date like 2026-01-02T15:04:05Z, seconds since 1970 or a "
                            "duration like 10m, not {}",
                            flag, stack::quoted(text)))
        .with_exit_code(ExitCode::usage);
  }
  return moment;
}

}  // namespace stack::cli
