// SPDX-License-Identifier: Apache-2.0
// When to check a container's health next and what the results mean; pure, with time as a
// parameter. The rules are docker's, but for the first check: it comes at once, so that what is
// ready is known to be ready, and its failure does not count, because docker would not have asked.
#pragma once

#include <chrono>

#include "supervisor/container_config.h"
#include "supervisor/status.h"

namespace stack::supervisor {

enum class ProbeResult { passed, failed };

class HealthMonitor {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A container that started at `started`; `health` is what is known of it (after adoption).
  HealthMonitor(HealthPolicy policy, Time started, Health health);

  Health health() const { return health_; }
  /// Failures in a row, of those that count.
  std::uint64_t failures() const { return failures_; }
  /// When the next check is due.
  Time next_check() const { return next_check_; }
  /// The check that was due began at `begun` and ended at `ended`.
  void record(ProbeResult result, Time begun, Time ended);

 private:
  bool in_start_period(Time time) const;
  bool counts(Time begun) const;

  HealthPolicy policy_;
  Time started_;
  Health health_;
  bool checked_ = false;
  std::uint64_t failures_ = 0;  ///< in a row
  Time next_check_;
};

}  // namespace stack::supervisor
