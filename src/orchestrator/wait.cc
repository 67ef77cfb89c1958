// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/wait.h"

#include "orchestrator/native_engine.h"

namespace stack::orchestrator {
namespace {

/// Passes everything on, and remembers when something failed first.
class FailureReport : public Report {
 public:
  explicit FailureReport(Report& listener) : listener_(listener) {}

  void plan_begins(const Plan& plan) override { listener_.plan_begins(plan); }
  void step_begins(StepId id, const Step& step) override { listener_.step_begins(id, step); }
  void step_ends(StepId id, const Step& step, StepResult result, const std::string& text) override {
    if (result == StepResult::failed && !failed_) failed_ = Clock::now();
    listener_.step_ends(id, step, result, text);
  }
  void tick() override { listener_.tick(); }
  void plan_ends() override { listener_.plan_ends(); }

  /// Others that failed by the same cause have been heard of by now.
  bool is_settled() const { return failed_ && Clock::now() - *failed_ > settling; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds settling{250};
  Report& listener_;
  std::optional<Clock::time_point> failed_;
};

}  // namespace

Execution wait_until_ready(const DesiredState& desired,
                           std::optional<std::chrono::steady_clock::time_point> deadline,
                           Host& host) {
  NativeEngine engine(host.paths, desired);
  engine.observe();
  engine.give_up_waiting_at(deadline);
  FailureReport report(host.report);
  const auto ends = [&] { return host.interrupted() || report.is_settled(); };
  Execution execution = execute(plan_wait(desired), engine, report, ends);
  execution.interrupted = host.interrupted();
  return execution;
}

}  // namespace stack::orchestrator
