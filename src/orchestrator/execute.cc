// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/execute.h"

#include <algorithm>
#include <set>

#include "base/format.h"

namespace stack::orchestrator {
namespace {

constexpr std::chrono::milliseconds tick_length{100};

class Executor {
 public:
  Executor(const Plan& plan, Engine& engine, Report& report, std::size_t at_once)
      : plan_(plan), engine_(engine), report_(report), at_once_(at_once) {
    execution_.results.resize(plan.steps.size(), StepResult::waiting);
  }

  Execution run(const std::function<bool()>& interrupted) {
    report_.plan_begins(plan_);
    for (;;) {
      execution_.interrupted = execution_.interrupted || interrupted();
      if (!execution_.interrupted) begin_ready_steps();
      if (running_ == 0 || (execution_.interrupted && only_waits())) break;
      if (auto outcome = engine_.next(tick_length)) {
        finish(*outcome);
      } else {
        report_.tick();
      }
    }
    if (!execution_.interrupted) look_for_steps_left();
    report_.plan_ends();
    return std::move(execution_);
  }

 private:
  /// A plan that cannot come to its end must not look like one that has.
  void look_for_steps_left() {
    std::string left;
    for (StepId id = 0; id < plan_.steps.size(); ++id)
      if (result(id) == StepResult::waiting)
        left +=
            fmt::format("{}#{} {}", left.empty() ? "" : ", ", id, to_text(plan_.steps[id].action));
    if (!left.empty())
      execution_.errors.emplace_back("internal error: steps wait for each other: " + left);
  }

  StepResult& result(StepId id) { return execution_.results[id]; }

  bool is_wait(StepId id) const {
    return std::holds_alternative<AwaitCondition>(plan_.steps[id].action) ||
           std::holds_alternative<AwaitSettled>(plan_.steps[id].action) ||
           std::holds_alternative<AwaitTurn>(plan_.steps[id].action);
  }

  /// Nothing is being done that anybody has to wait for: what is awaited may never come.
  bool only_waits() const {
    std::size_t left = 0;
    for (StepId id = 0; id < plan_.steps.size(); ++id)
      if (execution_.results[id] == StepResult::running && !is_wait(id) &&
          engine_.may_be_left(plan_.steps[id].action))
        ++left;
    return working_ == left;
  }

  bool has_room_for(StepId id) const { return at_once_ == 0 || working_ < at_once_ || is_wait(id); }

  void begin_ready_steps() {
    for (StepId id = 0; id < plan_.steps.size(); ++id) {
      if (result(id) != StepResult::waiting) continue;
      const auto& after = plan_.steps[id].after;
      const auto is = [&](StepResult wanted) {
        return [this, wanted](StepId each) { return result(each) == wanted; };
      };
      if (std::ranges::any_of(after, [&](StepId each) { return is_lost(each); }) ||
          has_lost_too_much(id)) {
        result(id) = StepResult::skipped;
        report_.step_ends(id, plan_.steps[id], StepResult::skipped, "");
      } else if (std::ranges::any_of(after, is(StepResult::unneeded)) || rescues_nothing(id)) {
        result(id) = StepResult::unneeded;
      } else if (has_yet_to_fail(id) || has_yet_to_follow(id)) {
        continue;
      } else if (std::ranges::all_of(after, is(StepResult::done)) && has_room_for(id)) {
        begin(id);
      }
    }
  }

  bool is_over(StepId id) {
    return result(id) != StepResult::waiting && result(id) != StepResult::running;
  }

  /// All that it would be a rescue of has succeeded.
  bool rescues_nothing(StepId id) {
    const auto& rescued = plan_.steps[id].rescues;
    return !rescued.empty() && std::ranges::all_of(rescued, [&](StepId each) {
      return is_over(each) && !is_lost(each);
    });
  }

  bool has_yet_to_fail(StepId id) {
    return !std::ranges::all_of(plan_.steps[id].rescues,
                                [&](StepId each) { return is_over(each); });
  }

  bool has_yet_to_follow(StepId id) {
    return !std::ranges::all_of(plan_.steps[id].follows,
                                [&](StepId each) { return is_over(each); });
  }

  bool has_lost_too_much(StepId id) {
    const auto& follows = plan_.steps[id].follows;
    const auto lost = std::ranges::count_if(follows, [&](StepId each) { return is_lost(each); });
    return static_cast<std::size_t>(lost) > plan_.steps[id].bearable;
  }

  bool is_lost(StepId id) {
    return result(id) == StepResult::failed || result(id) == StepResult::skipped;
  }

  void begin(StepId id) {
    result(id) = StepResult::running;
    ++running_;
    if (!is_wait(id)) ++working_;
    report_.step_begins(id, plan_.steps[id]);
    engine_.perform(id, plan_.steps[id].action);
  }

  void finish(const Outcome& outcome) {
    if (outcome.goes_on)
      return report_.step_notes(outcome.step, plan_.steps[outcome.step], outcome.note);
    --running_;
    if (!is_wait(outcome.step)) --working_;
    result(outcome.step) = outcome.error ? StepResult::failed : StepResult::done;
    report_.step_ends(outcome.step, plan_.steps[outcome.step], result(outcome.step),
                      outcome.error ? outcome.error->message() : outcome.note);
    if (outcome.error) note(outcome.step, *outcome.error);
  }

  /// In docker compose's words where others wait for it, which scripts look for. Several may wait
  /// for one container, for its successors' sake or its predecessor's: it has failed once.
  void note(StepId id, Error error) {
    const std::string* const awaited = awaited_by(id);
    if (awaited != nullptr) {
      if (!failed_.insert(*awaited).second) return;
      if (is_dependency(*awaited)) error.add_frame("dependency failed to start");
    }
    execution_.errors.push_back(std::move(error));
  }

  /// The container that a step waits for to be healthy, or to settle.
  const std::string* awaited_by(StepId id) const {
    const Action& action = plan_.steps[id].action;
    if (const auto* const wait = std::get_if<AwaitSettled>(&action)) return &wait->name;
    const auto* const wait = std::get_if<AwaitCondition>(&action);
    const bool is_of_health =
        wait != nullptr && wait->condition == spec::Condition::service_healthy;
    return is_of_health ? &wait->name : nullptr;
  }

  /// Another container starts when it is healthy.
  bool is_dependency(const std::string& name) const {
    const auto is_wait_for_health = [&](StepId id) {
      const auto* const awaited = awaited_by(id);
      return awaited != nullptr && *awaited == name &&
             std::holds_alternative<AwaitCondition>(plan_.steps[id].action);
    };
    return std::ranges::any_of(plan_.steps, [&](const Step& step) {
      const auto* const start = std::get_if<StartContainer>(&step.action);
      return start != nullptr && start->name != name &&
             std::ranges::any_of(step.after, is_wait_for_health);
    });
  }

  const Plan& plan_;
  Engine& engine_;
  Report& report_;
  std::size_t at_once_;
  Execution execution_;
  std::size_t running_ = 0;
  std::size_t working_ = 0;       ///< of those running, what does not only wait
  std::set<std::string> failed_;  ///< containers of which it is told that they are not as awaited
};

}  // namespace

Execution execute(const Plan& plan, Engine& engine, Report& report,
                  const std::function<bool()>& interrupted, std::size_t at_once) {
  return Executor(plan, engine, report, at_once).run(interrupted);
}

}  // namespace stack::orchestrator
