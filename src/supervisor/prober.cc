// SPDX-License-Identifier: Apache-2.0
#include "supervisor/prober.h"

#include "base/format.h"
#include "supervisor/inner_command.h"

namespace stack::supervisor {
Prober::Prober(Loop& loop, const ContainerConfig& config, ProcessIdentity container,
               std::filesystem::path cache, Health health, Listener listener)
    : loop_(&loop),
      spec_(config.spec),
      policy_(*config.health),
      container_(container),
      cache_(std::move(cache)),
      monitor_(policy_, Clock::now(), health),
      listener_(std::move(listener)),
      stop_signal_(loop) {}

std::shared_ptr<Prober> Prober::start(Loop& loop, const ContainerConfig& config,
                                      ProcessIdentity container, std::filesystem::path cache,
                                      Health health, Listener listener) {
  std::shared_ptr<Prober> prober(
      new Prober(loop, config, container, std::move(cache), health, std::move(listener)));
  spawn(loop, "checking the health of " + config.name, run(prober));
  return prober;
}

void Prober::stop() {
  stopped_ = true;
  listener_ = nullptr;
  stop_signal_.notify_all();
}

Awaitable<void> Prober::run(Self self) {
  while (!self->stopped_) {
    if (co_await self->stop_signal_.wait_until(self->monitor_.next_check())) continue;
    const auto begun = Clock::now();
    Outcome outcome;
    outcome.check = co_await self->check();
    if (self->stopped_ || self->is_over()) co_return;
    if (outcome.check.exit_code == 0) outcome.result = ProbeResult::passed;
    self->monitor_.record(outcome.result, begun, Clock::now());
    outcome.health = self->monitor_.health();
    outcome.failing_streak = self->monitor_.failures();
    self->listener_(outcome);
  }
}

/// A check that found nothing to enter any more, or ended with the container, says nothing of its
/// health: its end does.
bool Prober::is_over() const {
  return is_ending(container_);
}

Awaitable<HealthCheck> Prober::check() {
  using SystemClock = std::chrono::system_clock;
  constexpr int without_code = -1;
  InnerCommand command;
  command.process = spec_.process;
  command.process.arguments = policy_.command;
  command.process.terminal = false;
  command.deadline = Clock::now() + policy_.timeout;
  const InnerPlace place{spec_, container_, cache_};
  HealthCheck check{SystemClock::now(), {}, without_code, {}};
  const InnerResult result = co_await run_inside(*loop_, place, command);
  check.ended = SystemClock::now();
  if (result.timed_out) {
    check.output = fmt::format("no answer within {} s", policy_.timeout / std::chrono::seconds(1));
  } else if (!result.problem.empty()) {
    check.output = result.problem;
  } else {
    check.exit_code = result.exit_code.value_or(without_code);
    check.output = result.output;
  }
  co_return check;
}

}  // namespace stack::supervisor
