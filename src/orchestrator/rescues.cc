// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/rescues.h"

namespace stack::orchestrator {
namespace {

class RescuePlanner {
 public:
  RescuePlanner(PlanBuilder& builder, const DesiredState& desired,
                const std::map<std::string, Replacement>& replacements,
                const std::map<std::string, std::string>& restarts, UpSteps& steps,
                Atomicity atomicity)
      : builder_(builder),
        desired_(desired),
        replacements_(replacements),
        restarts_(restarts),
        steps_(steps),
        atomicity_(atomicity) {}

  void add() {
    if (atomicity_ == Atomicity::all) remove_new();
    for (const auto& [name, replacement] : replacements_)
      if (replacement.manner != Manner::remove_first) bring_back(name, replacement);
    for (const auto& [name, wish] : desired_.containers) start_again(name);
  }

 private:
  using Steps = std::map<std::string, StepId>;

  static void append(const Steps& steps, const std::string& name, std::vector<StepId>& out) {
    if (const auto step = steps.find(name); step != steps.end()) out.push_back(step->second);
  }

  /// Steps whose failure is a failure of what happens to `name`.
  std::vector<StepId> steps_for(const std::string& name) const {
    std::vector<StepId> found;
    for (const Steps* steps :
         {&steps_.created, &steps_.stops, &steps_.started, &steps_.settled, &steps_.judged}) {
      if (atomicity_ == Atomicity::each)
        append(*steps, name, found);
      else
        for (const auto& [each, step] : *steps) found.push_back(step);
    }
    return found;
  }

  void bring_back(const std::string& name, const Replacement& replacement) {
    const StepId step = builder_.add_rescue(BringContainerBack{name, replacement.aside},
                                            "its successor failed", gone_, steps_for(name));
    steps_.brought_back[name] = step;
  }

  /// Dependencies first, as far as they are started again too.
  void start_again(const std::string& name) {
    if (visited_.contains(name)) return;
    visited_.insert(name);
    const auto replacement = replacements_.find(name);
    const bool ran = replacement != replacements_.end()
                         ? steps_.brought_back.contains(name) && replacement->second.was_running
                         : restarts_.contains(name);
    if (!ran) return;
    std::vector<StepId> after;
    append(steps_.brought_back, name, after);
    std::vector<StepId> failing = steps_for(name);
    for (const auto& [service, how] : desired_.containers.at(name).model.depends_on) {
      for (const auto& [dependency, wish] : desired_.containers) {
        if (wish.service != service || !wish.step.empty()) continue;
        start_again(dependency);
        append(started_again_, dependency, failing);
      }
    }
    started_again_[name] = builder_.add_rescue(StartContainer{name}, "as before", std::move(after),
                                               std::move(failing));
  }

  /// Dependents and dependencies alike: nobody has worked with them yet.
  void remove_new() {
    for (const auto& [name, step] : steps_.created) {
      if (replacements_.contains(name)) continue;
      const std::string why = "all or nothing";
      const StepId stop =
          builder_.add_rescue(StopContainer{name, std::nullopt}, why, {}, steps_for(name));
      gone_.push_back(builder_.add_rescue(RemoveContainer{name}, why, {stop}, steps_for(name)));
    }
    for (const auto& [name, network] : desired_.networks) {
      if (!steps_.made.contains(name)) continue;
      builder_.add_rescue(RemoveNetwork{name}, "all or nothing", gone_, steps_for(name));
    }
  }

  PlanBuilder& builder_;
  const DesiredState& desired_;
  const std::map<std::string, Replacement>& replacements_;
  const std::map<std::string, std::string>& restarts_;
  UpSteps& steps_;
  Atomicity atomicity_;
  std::vector<StepId> gone_;
  Steps started_again_;
  std::set<std::string> visited_;
};

}  // namespace

void add_rescues(PlanBuilder& builder, const DesiredState& desired,
                 const std::map<std::string, Replacement>& replacements,
                 const std::map<std::string, std::string>& restarts, UpSteps& steps,
                 Atomicity atomicity) {
  RescuePlanner(builder, desired, replacements, restarts, steps, atomicity).add();
}

}  // namespace stack::orchestrator
