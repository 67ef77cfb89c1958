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
/// Who works as long as this without failing is taken for started.
constexpr auto longest_work = std::chrono::seconds(1);

/// CPU time that its processes have used, when all of them wait for something.
std::optional<std::chrono::nanoseconds> at_rest(const std::string& cgroup) {
  const auto processes = runtime::cgroup_processes(cgroup);
  if (!std::ranges::all_of(processes, is_asleep)) return std::nullopt;
  return runtime::read_usage(cgroup).cpu;
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
  std::optional<std::chrono::nanoseconds> before;
  ProcessIdentity process;
  Clock::time_point deadline;
  for (;;) {
    if (!runs() && !launching_ && status_.exit_code == 0) co_return Answer{};
    if (failures() > allowed || (!active() && !launching_))
      throw Error(fmt::format("container {} {}", config_.name, how_it_ended()))
          .with_exit_code(ExitCode::failure);
    if (status_.health == Health::healthy) co_return Answer{};
    if (status_.process != process) {
      process = status_.process;
      deadline = Clock::now() + longest_work;
      step = shortest_step;
      before.reset();
    }
    if (!runs() || launching_) {
      co_await news_.wait();
      continue;
    }
    const auto now = at_rest(config_.spec.cgroup);
    if ((now && before == now) || Clock::now() >= deadline) co_return Answer{};
    before = now;
    co_await news_.wait_until(Clock::now() + step);
    step = std::min<Clock::duration>(2 * step, longest_step);
  }
}

std::string ContainerTask::how_it_ended() const {
  if (!status_.error.empty()) return "could not be started: " + status_.error;
  return status_.exit_code ? fmt::format("exited ({})", *status_.exit_code) : "exited";
}

}  // namespace stack::supervisor
