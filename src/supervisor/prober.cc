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
    const Outcome outcome = co_await self->check();
    if (self->stopped_) co_return;
    self->monitor_.record(outcome.result, begun, Clock::now());
    const bool passed = outcome.result == ProbeResult::passed;
    self->listener_(self->monitor_.health(), passed ? "" : outcome.output);
  }
}

Awaitable<Prober::Outcome> Prober::check() {
  InnerCommand command;
  command.process = spec_.process;
  command.process.arguments = policy_.command;
  command.process.terminal = false;
  command.deadline = Clock::now() + policy_.timeout;
  const InnerPlace place{spec_, container_, cache_};
  const InnerResult result = co_await run_inside(*loop_, place, command);
  if (result.timed_out) {
    co_return Outcome{ProbeResult::failed, fmt::format("no answer within {} s",
                                                       policy_.timeout / std::chrono::seconds(1))};
  }
  if (!result.problem.empty()) co_return Outcome{ProbeResult::failed, result.problem};
  co_return Outcome{result.exit_code == 0 ? ProbeResult::passed : ProbeResult::failed,
                    result.output};
}

}  // namespace stack::supervisor
