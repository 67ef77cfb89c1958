// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/wait.h"

#include "orchestrator/native_engine.h"

namespace stack::orchestrator {
namespace {

/// Passes everything on, and remembers when something failed first.
class FailureReport : public ForwardingReport {
 public:
  using ForwardingReport::ForwardingReport;

  void step_ends(StepId id, const Step& step, StepResult result, const std::string& text) override {
    if (result == StepResult::failed && !failed_) failed_ = Clock::now();
    ForwardingReport::step_ends(id, step, result, text);
  }

  /// Others that failed by the same cause have been heard of by now.
  bool is_settled() const { return failed_ && Clock::now() - *failed_ > settling; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds settling{250};
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
