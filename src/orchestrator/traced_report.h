// SPDX-License-Identifier: Apache-2.0
// Steps of a plan as spans of a trace, on their way to whoever listens.
#pragma once

#include <map>

#include "base/spans.h"
#include "orchestrator/report.h"

namespace stack::orchestrator {

/// Where a trace has what the command itself does.
inline constexpr const char* command_group = "stack up";
inline constexpr const char* command_row = "command";

class TracedReport : public ForwardingReport {
 public:
  /// Both outlive this. A step's span is on the row "plan" of the group named after its subject().
  TracedReport(Report& listener, Trace& trace) : ForwardingReport(listener), trace_(trace) {}

  void step_begins(StepId id, const Step& step) override;
  void step_ends(StepId id, const Step& step, StepResult result, const std::string& text) override;

 private:
  Trace& trace_;
  std::map<StepId, SpanClock::time_point> begun_;
};

}  // namespace stack::orchestrator
