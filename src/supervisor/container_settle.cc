// SPDX-License-Identifier: Apache-2.0
// Whether a container that was just started has come to rest, or has failed: what decides between
// it and the container whose place it takes.
#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup_stats.h"
#include "supervisor/container_task.h"

namespace stack::supervisor {
namespace {

constexpr auto shortest_step = std::chrono::milliseconds(2);
constexpr auto longest_step = std::chrono::milliseconds(64);
/// Who works as long as this without failing is taken for started: of processor time, because a
/// busy machine may give it little, and of the clock, because it may work a little for ever.
constexpr auto longest_work = std::chrono::seconds(1);
constexpr auto longest_wait = std::chrono::seconds(3);

/// Whether all of its processes wait for something.
bool is_at_rest(const std::string& cgroup) {
  return std::ranges::all_of(runtime::cgroup_processes(cgroup), is_asleep);
}

}  // namespace

/// Failures since it was asked to start, the run that is over included.
std::uint64_t ContainerTask::failures() const {
  const bool over = !runs() && !launching_;
  return status_.restarts + (over && status_.exit_code != 0 ? 1 : 0);
}

/// The kernel has no event for coming to rest: looked at in growing steps, each cut short by news.
Awaitable<Answer> ContainerTask::settle() {
  const bool comes_again = config_.restart.kind != RestartKind::no;
  const std::uint64_t allowed = comes_again ? 1 : 0;
  Clock::duration step = shortest_step;
  std::optional<std::chrono::nanoseconds> first, before;
  ProcessIdentity process;
  Clock::time_point deadline;
  for (;;) {
    if (!runs() && !launching_ && status_.exit_code == 0) co_return Answer{};
    if (failures() > allowed || (!active() && !launching_)) throw failed();
    if (status_.health == Health::healthy) co_return Answer{};
    if (status_.process != process) {
      process = status_.process;
      deadline = Clock::now() + longest_wait;
      step = shortest_step;
      first.reset();
      before.reset();
    }
    if (!runs() || launching_) {
      co_await news_.wait();
      continue;
    }
    const auto used = runtime::read_usage(config_.spec.cgroup).cpu;
    if (!first) first = used;
    const bool rests = is_at_rest(config_.spec.cgroup);
    // One that has ended is still, too: how it ended is told in a moment.
    if (is_alive(process)) {
      if ((rests && before == used) || used - *first >= longest_work || Clock::now() >= deadline)
        co_return Answer{};
      before = rests ? std::optional(used) : std::nullopt;
    }
    co_await news_.wait_until(Clock::now() + step);
    step = std::min<Clock::duration>(2 * step, longest_step);
  }
}

/// Throws at the first failure from now on.
Awaitable<void> ContainerTask::watch_for(std::chrono::nanoseconds time) {
  const std::uint64_t before = failures();
  const auto end = Clock::now() + time;
  while (Clock::now() < end && (active() || launching_) && failures() == before) {
    if (status_.health == Health::unhealthy) throw unhealthy();
    co_await news_.wait_until(end);
  }
  if (failures() > before) throw failed();
}

Error ContainerTask::failed() const {
  return Error(fmt::format("container {} {}", config_.name, how_it_ended()))
      .with_exit_code(ExitCode::failure);
}

std::string ContainerTask::how_it_ended() const {
  if (!status_.error.empty()) return "could not be started: " + status_.error;
  return status_.exit_code ? fmt::format("exited ({})", *status_.exit_code) : "exited";
}

}  // namespace stack::supervisor
