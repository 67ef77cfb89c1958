// SPDX-License-Identifier: Apache-2.0
#include "supervisor/restart_policy.h"

#include <algorithm>

namespace stack::supervisor {
namespace {

constexpr std::chrono::nanoseconds first_pause = std::chrono::milliseconds(100);
constexpr std::chrono::nanoseconds longest_pause = std::chrono::minutes(1);
constexpr std::chrono::nanoseconds long_life = std::chrono::seconds(10);

}  // namespace

bool RestartPolicy::wants_restart(const RunEnd& end) const {
  if (end.unhealthy) return true;
  switch (rule_.kind) {
    case RestartKind::no:
      return false;
    case RestartKind::always:
    case RestartKind::unless_stopped:
      return true;
    case RestartKind::on_failure:
      return end.exit_code != 0;
  }
  return false;
}

bool RestartPolicy::has_attempts_left() const {
  return rule_.max_attempts == 0 || attempts_ < rule_.max_attempts;
}

std::optional<std::chrono::nanoseconds> RestartPolicy::after(const RunEnd& end) {
  if (rule_.window.count() > 0 && end.uptime >= rule_.window) attempts_ = 0;
  if (!wants_restart(end) || !has_attempts_left()) return std::nullopt;
  ++attempts_;
  if (rule_.delay.count() > 0) return rule_.delay;
  if (end.uptime >= long_life) pause_ = {};
  pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
  return pause_;
}

void RestartPolicy::reset() {
  attempts_ = 0;
  pause_ = {};
}

}  // namespace stack::supervisor
