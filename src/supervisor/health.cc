// SPDX-License-Identifier: Apache-2.0
#include "supervisor/health.h"

#include <algorithm>

namespace stack::supervisor {

HealthMonitor::HealthMonitor(HealthPolicy policy, Time started, Health health)
    : policy_(std::move(policy)),
      started_(started),
      health_(health),
      checked_(health == Health::healthy || health == Health::unhealthy),
      next_check_(started) {}

/// The start period ends with its time, or with the first success.
bool HealthMonitor::in_start_period(Time time) const {
  return health_ == Health::starting && time - started_ < policy_.start_period;
}

bool HealthMonitor::counts(Time begun) const {
  return checked_ && !in_start_period(begun);
}

void HealthMonitor::record(ProbeResult result, Time begun, Time ended) {
  if (result == ProbeResult::passed) {
    health_ = Health::healthy;
    failures_ = 0;
  } else if (counts(begun) && ++failures_ >= std::max<std::uint64_t>(policy_.retries, 1)) {
    health_ = Health::unhealthy;
  }
  checked_ = true;
  // Counted from the end of the last check, as docker does: a slow check is never run twice.
  next_check_ = ended + (in_start_period(ended) ? policy_.start_interval : policy_.interval);
}

}  // namespace stack::supervisor
