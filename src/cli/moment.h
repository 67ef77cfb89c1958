// SPDX-License-Identifier: Apache-2.0
// Points in time as people give them to --since and --until.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stack::cli {

/// docker's notations: a duration before `now` ("10m", "1h30m"), seconds since the epoch
/// ("1136073600.5"), or a date ("2013-01-02T15:04:05.123Z", "2013-01-02T15:04", "2013-01-02"), in
/// local time where it names no zone. Nothing when it is none of these.
std::optional<std::chrono::system_clock::time_point> parse_moment(
    std::string_view text, std::chrono::system_clock::time_point now);

/// The value of a flag; nothing when it was not given. Throws Error (usage) when it is no point in
/// time.
std::optional<std::chrono::system_clock::time_point> moment_of(const std::string& text,
                                                               const char* flag);

}  // namespace stack::cli
