// SPDX-License-Identifier: Apache-2.0
// Dates in UTC. Here and not by gmtime_r(3) and timegm(3), which read /etc/localtime before they do
// what needs no time zone (docs/performance.md, "What was learnt").
#pragma once

#include <cstdint>
#include <ctime>

namespace stack {

/// The date and time of day `seconds` after the Epoch, as strftime(3) takes it.
std::tm utc_calendar(std::int64_t seconds);
/// Seconds from the Epoch to what strptime(3) has read, in UTC. Fields that are beyond their range
/// count on, as with timegm(3): the 32nd of January is the first of February.
std::int64_t seconds_of_utc(const std::tm& calendar);

}  // namespace stack
