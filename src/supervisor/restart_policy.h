// SPDX-License-Identifier: Apache-2.0
// Whether and when a container that ended is started again; pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "supervisor/container_config.h"

namespace stack::supervisor {

/// How a run of a container ended.
struct RunEnd {
  std::optional<int> exit_code;     ///< unset: unknown, or it could not be started
  std::chrono::nanoseconds uptime;  ///< 0 when it could not be started
  bool unhealthy = false;           ///< it was ended for that: any policy starts it again
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartRule rule) : rule_(rule) {}

  /// The pause before the next start, or nothing when it stays down: the rule's delay, or else
  /// pauses that double from 100 ms to one minute, where ten seconds of life make up for all that
  /// was before. A run as long as the rule's window makes up for all attempts before it.
  std::optional<std::chrono::nanoseconds> after(const RunEnd& end);
  /// A person started or stopped it: count from the beginning.
  void reset();

 private:
  bool wants_restart(const RunEnd& end) const;
  bool has_attempts_left() const;

  RestartRule rule_;
  std::uint64_t attempts_ = 0;
  std::chrono::nanoseconds pause_{0};
};

}  // namespace stack::supervisor
