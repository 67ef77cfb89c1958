// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/traced_report.h"

namespace stack::orchestrator {

void TracedReport::step_begins(StepId id, const Step& step) {
  begun_[id] = SpanClock::now();
  ForwardingReport::step_begins(id, step);
}

void TracedReport::step_ends(StepId id, const Step& step, StepResult result,
                             const std::string& text) {
  // One that was skipped has not begun.
  if (const auto begun = begun_.find(id); begun != begun_.end()) {
    const std::string name =
        to_text(step.action) + (result == StepResult::failed ? " (failed)" : "");
    trace_.of(subject(step.action)).push_back({"plan", name, begun->second, SpanClock::now()});
  }
  ForwardingReport::step_ends(id, step, result, text);
}

}  // namespace stack::orchestrator
