// SPDX-License-Identifier: Apache-2.0
// How the last health checks of a container went, in health.json among its files in the run
// directory: written after each by the supervisor, for `inspect`; gone when the container has
// ended.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>

#include "supervisor/status.h"

namespace stack::supervisor {

struct HealthCheck {
  TimePoint begun{};
  TimePoint ended{};
  int exit_code = 0;   ///< -1: it had none, and `output` says why
  std::string output;  ///< its beginning
};

struct HealthLog {
  std::uint64_t failing_streak = 0;  ///< that count towards unhealthy
  std::deque<HealthCheck> checks;    ///< the oldest first
};

/// How many are kept, as docker has it.
inline constexpr std::size_t most_health_checks = 5;

/// Adds a check, and forgets the oldest beyond most_health_checks.
void add_check(HealthLog& log, HealthCheck check);
/// Into `directory`. Throws Error.
void write_health_log(const std::filesystem::path& directory, const HealthLog& log);
/// Empty when there is none, or none that can be read.
HealthLog read_health_log(const std::filesystem::path& directory);

}  // namespace stack::supervisor
