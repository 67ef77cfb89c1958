// SPDX-License-Identifier: Apache-2.0
// How a container is started again without anybody's asking: by its policy, because its health has
// turned unhealthy, or because one that it depends on was.
#include "base/error.h"
#include "supervisor/container_task.h"
#include "supervisor/journal.h"

namespace stack::supervisor {

/// What is due for another's sake waits for nothing and counts as no attempt.
void ContainerTask::plan_restart(RunEnd end) {
  if (status_.stopped_by_user || config_.data_container) {
    status_.restart_due = RestartDue::no;
    return stay_down();
  }
  if (status_.restart_due == RestartDue::dependency)
    return restart_after(std::chrono::nanoseconds(0));
  end.unhealthy = status_.restart_due == RestartDue::unhealthy;
  const auto pause = policy_.after(end);
  if (pause) return restart_after(*pause);
  status_.restart_due = RestartDue::no;
  stay_down();
}

void ContainerTask::restart_after(std::chrono::nanoseconds pause) {
  status_.phase = Phase::restarting;
  spawn(shared_.loop, "restarting " + config_.name,
        restart_later(shared_from_this(), pause, ++generation_));
}

/// What comes after the end of its last run is decided once more, by the rule that it has now: with
/// other limits, say, it need not wait for as long as it would have had to.
void ContainerTask::go_on_from_last_end() {
  ++generation_;
  plan_restart({status_.exit_code, std::chrono::nanoseconds(0)});
  save_state();
  note_change();
}

/// No port is held for a container that is not coming back.
void ContainerTask::stay_down() {
  if (status_.phase == Phase::restarting) status_.phase = Phase::exited;
  shared_.publisher.withdraw(config_.id);
  status_.published.clear();
  shared_.firewall_ready.request();
}

Awaitable<void> ContainerTask::restart_later(Self self, std::chrono::nanoseconds pause,
                                             std::uint64_t generation) {
  const auto due = Clock::now() + pause;
  bool is_due = false;
  while (generation == self->generation_ && !is_due) is_due = !co_await self->news_.wait_until(due);
  if (generation != self->generation_) co_return;
  const auto guard = co_await self->starting_.lock();
  if (generation != self->generation_) co_return;
  if (co_await self->try_restart()) {
    self->shared_.restarted(self->config_.id);
    co_return;
  }
  // Asked to stop while it failed to start: then it stays down.
  if (generation == self->generation_) self->failed_to_restart();
}

/// Its own policy goes on with it. One that stays down is due still when what it depends on is
/// started again: without that it could not start.
void ContainerTask::failed_to_restart() {
  const RestartDue due = std::exchange(status_.restart_due, RestartDue::no);
  plan_restart({std::nullopt, std::chrono::nanoseconds(0), due == RestartDue::unhealthy});
  if (due == RestartDue::dependency && status_.phase == Phase::exited) status_.restart_due = due;
  note_change();
}

Awaitable<bool> ContainerTask::try_restart() {
  ++status_.restarts;
  try {
    co_await launch(nullptr);
    co_return true;
  } catch (const Error& error) {
    journal::warning("restarting " + config_.name + ": " + error.what());
  }
  co_return false;
}

/// What is due is written down before the signal: whoever comes after us starts it again.
Awaitable<void> ContainerTask::end_to_restart(Self self, RestartDue why) {
  ContainerStatus& status = self->status_;
  if (!self->runs() || self->launching_ || self->stopping_ > 0 || status.stopped_by_user) co_return;
  status.restart_due = why;
  co_await self->shared_.status_saved.completed();
  if (!self->runs() || status.stopped_by_user) co_return;
  const char* const reason = why == RestartDue::unhealthy ? "unhealthy" : "what it depends on was";
  journal::note(fmt::format("restarting {}: {}", self->config_.name, reason));
  co_await self->bring_down(self->config_.stop.grace);
}

Awaitable<void> ContainerTask::restart_with_dependency() {
  if (runs()) {
    co_await end_to_restart(shared_from_this(), RestartDue::dependency);
  } else if (status_.restart_due == RestartDue::dependency && status_.phase == Phase::exited) {
    restart_after(std::chrono::nanoseconds(0));
    note_change();
  }
}

}  // namespace stack::supervisor
