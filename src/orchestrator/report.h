// SPDX-License-Identifier: Apache-2.0
// Who listens while a plan is carried out: the screen, or a test.
#pragma once

#include <string>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

enum class StepResult {
  waiting,  ///< for other steps, or never begun because of an interruption
  running,
  done,
  failed,
  skipped,   ///< something it depends on failed
  unneeded,  ///< a rescue of what did not fail
};

class Report {
 public:
  virtual ~Report() = default;
  virtual void plan_begins(const Plan& /*plan*/) {}
  virtual void step_begins(StepId /*id*/, const Step& /*step*/) {}
  /// Something is told of a step that is under way.
  virtual void step_notes(StepId /*id*/, const Step& /*step*/, const std::string& /*text*/) {}
  /// `text`: the note of a success or the error of a failure. Not called for unneeded ones.
  virtual void step_ends(StepId /*id*/, const Step& /*step*/, StepResult /*result*/,
                         const std::string& /*text*/) {}
  /// Called several times a second while something is under way.
  virtual void tick() {}
  virtual void plan_ends() {}
};

/// Passes everything on: for those that listen in on the way.
class ForwardingReport : public Report {
 public:
  /// `listener` outlives this.
  explicit ForwardingReport(Report& listener) : listener_(listener) {}

  void plan_begins(const Plan& plan) override { listener_.plan_begins(plan); }
  void step_begins(StepId id, const Step& step) override { listener_.step_begins(id, step); }
  void step_notes(StepId id, const Step& step, const std::string& text) override {
    listener_.step_notes(id, step, text);
  }
  void step_ends(StepId id, const Step& step, StepResult result, const std::string& text) override {
    listener_.step_ends(id, step, result, text);
  }
  void tick() override { listener_.tick(); }
  void plan_ends() override { listener_.plan_ends(); }

 private:
  Report& listener_;
};

}  // namespace stack::orchestrator
