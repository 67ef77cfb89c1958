// SPDX-License-Identifier: Apache-2.0
// Which part of the past `logs --at`, `--between` and `--run` mean; pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/timeline.h"

namespace stack::cli {

struct LogWindow {
  using TimePoint = std::chrono::system_clock::time_point;
  std::optional<TimePoint> since;
  std::optional<TimePoint> until;
  bool operator==(const LogWindow&) const = default;
};

/// What both have.
LogWindow common(const LogWindow& one, const LogWindow& other);

/// "10:31:05", "10:31:05±500ms", "2026-01-02T15:04:05Z+-1m": so much before and after; 2 s when not
/// said. Throws Error (usage).
LogWindow window_at(std::string_view text, LogWindow::TimePoint now);

/// "10:31..10:32", "db.ready..web.exit": each end a moment or what happened to a service (start,
/// ready, unhealthy, exit, stop, kill, oom), the last time for the first, the next time after that
/// for the second; an end may be left out. Throws Error (usage), and Error when it never happened.
LogWindow window_between(std::string_view text, const std::vector<supervisor::Event>& events,
                         LogWindow::TimePoint now);

/// Runs of each container, by its name: -1 is the last, -2 the one before, 1 the first that is
/// known. Containers that have no such run are left out.
std::map<std::string, LogWindow> windows_of_run(int run,
                                                const std::vector<supervisor::Event>& events);

}  // namespace stack::cli
