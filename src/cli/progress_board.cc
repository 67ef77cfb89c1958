// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_board.h"

#include <algorithm>
#include <csignal>
#include <map>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {

using namespace orchestrator;

namespace {

bool creates(const Action& action) {
  return std::holds_alternative<CreateNetwork>(action) ||
         std::holds_alternative<CreateVolume>(action) ||
         std::holds_alternative<CreateContainer>(action);
}

/// Of one that is awaited, while it is: what is missing.
const char* phase_of(const Step& step) {
  if (const auto* wait = std::get_if<AwaitCondition>(&step.action)) {
    if (wait->condition == spec::Condition::service_healthy) return "Started, not healthy yet";
    if (wait->condition == spec::Condition::service_completed_successfully) return "Running";
  }
  return words_of(step).doing;
}

/// "shop-db-1 (healthy)"; empty for what takes no time worth a word.
std::string awaited_text(const Action& action) {
  if (creates(action) && !std::holds_alternative<CreateContainer>(action)) return "";
  const std::string name = subject(action).substr(subject(action).find(' ') + 1);
  const auto* const wait = std::get_if<AwaitCondition>(&action);
  if (wait == nullptr || wait->condition == spec::Condition::service_started) return name;
  const bool healthy = wait->condition == spec::Condition::service_healthy;
  return fmt::format("{} ({})", name, healthy ? "healthy" : "exit 0");
}

}  // namespace

ActionWords words_of(const Action& action) {
  if (std::holds_alternative<StartContainer>(action)) return {"Starting", "Started"};
  if (std::holds_alternative<StopContainer>(action)) return {"Stopping", "Stopped"};
  if (std::holds_alternative<UpdateContainer>(action)) return {"Updating", "Updated"};
  if (std::holds_alternative<PauseContainer>(action)) return {"Pausing", "Paused"};
  if (std::holds_alternative<UnpauseContainer>(action)) return {"Unpausing", "Unpaused"};
  if (const auto* signal = std::get_if<SignalContainer>(&action)) {
    return signal->signal == SIGKILL ? ActionWords{"Killing", "Killed"}
                                     : ActionWords{"Signalling", "Signalled"};
  }
  if (const auto* provider = std::get_if<RunProvider>(&action)) {
    switch (provider->command) {
      case RunProvider::Command::up:
        return {"Creating", "Created"};
      case RunProvider::Command::down:
        return {"Removing", "Removed"};
      case RunProvider::Command::stop:
        return {"Stopping", "Stopped"};
    }
  }
  if (std::holds_alternative<SetContainerAside>(action)) return {"Setting aside", "Set aside"};
  if (std::holds_alternative<BringContainerBack>(action)) return {"Bringing back", "Put back"};
  if (std::holds_alternative<AwaitSettled>(action)) return {"Watching", "Running"};
  if (std::holds_alternative<AwaitTurn>(action)) return {"Waiting", "Going on"};
  if (const auto* wait = std::get_if<AwaitCondition>(&action)) {
    if (wait->condition == spec::Condition::service_started) return {"Waiting", "Running"};
    const bool healthy = wait->condition == spec::Condition::service_healthy;
    return {"Waiting", healthy ? "Healthy" : "Completed"};
  }
  return creates(action) ? ActionWords{"Creating", "Created"} : ActionWords{"Removing", "Removed"};
}

/// It is brought back when it runs again.
ActionWords words_of(const Step& step) {
  const bool is_rescue = !step.rescues.empty();
  if (is_rescue && std::holds_alternative<StartContainer>(step.action))
    return {"Starting", "Brought back"};
  return words_of(step.action);
}

void ProgressBoard::plan_begins(const Plan& plan, Time now) {
  plan_ = plan;
  progress_.assign(plan.steps.size(), {});
  objects_.clear();
  began_ = now;
  over_.reset();
  std::map<std::string, std::size_t> places;
  for (StepId id = 0; id < plan.steps.size(); ++id) {
    const std::string name = subject(plan.steps[id].action);
    const auto [place, fresh] = places.try_emplace(name, objects_.size());
    if (fresh) objects_.emplace_back(name, Steps{});
    objects_[place->second].second.push_back(id);
  }
}

void ProgressBoard::step_begins(StepId id, Time now) {
  progress_[id].result = StepResult::running;
  progress_[id].began = now;
}

void ProgressBoard::step_ends(StepId id, StepResult result, const std::string& note, Time now) {
  Progress& step = progress_[id];
  step.result = result;
  if (result == StepResult::done) step.note = note;  // what failed is told when all is over
  if (step.began) step.ended = now;
}

void ProgressBoard::step_notes(StepId id, const std::string& note) {
  progress_[id].note = note;
}

void ProgressBoard::plan_ends(Time now) {
  over_ = now;
}

std::vector<ProgressRow> ProgressBoard::rows(Time now) const {
  const Time until = over_.value_or(now);
  std::vector<ProgressRow> rows;
  for (const auto& [name, steps] : objects_) {
    // What is there in case of a failure is not shown before there is one.
    if (std::ranges::all_of(steps, [this](StepId id) { return is_needless(id); })) continue;
    ProgressRow row{name};
    fill_phase(row, steps);
    const bool runs_on = row.state == RowState::working || row.state == RowState::waiting;
    const auto begin = began(steps);
    if (begin) row.time = (runs_on && !over_ ? until : ended(steps).value_or(until)) - *begin;
    if (!begin && !row.phase.empty() && row.state == RowState::waiting && !over_)
      row.time = now - began_;
    rows.push_back(std::move(row));
  }
  return rows;
}

bool ProgressBoard::is_over(StepId id) const {
  const StepResult result = at(id).result;
  return result != StepResult::waiting && result != StepResult::running;
}

/// A rescue of what has not failed, or what comes after one.
bool ProgressBoard::is_needless(StepId id) const {
  const Step& step = plan_.steps[id];
  const auto needless = [this](StepId each) { return is_needless(each); };
  return !at(id).began && (!step.rescues.empty() || std::ranges::any_of(step.after, needless));
}

std::optional<StepId> ProgressBoard::last_with(const Steps& steps, StepResult result) const {
  std::optional<StepId> last;
  for (const StepId id : steps)
    if (at(id).result == result) last = id;
  return last;
}

void ProgressBoard::fill_phase(ProgressRow& row, const Steps& steps) const {
  const auto done = last_with(steps, StepResult::done);
  if (done) {
    row.phase = words_of(plan_.steps[*done]).done;
    row.note = at(*done).note;
  }
  const auto set = [&](RowState state, const char* phase) {
    row.state = state;
    row.phase = phase;
    row.note.clear();
  };
  if (const auto running = last_with(steps, StepResult::running)) {
    set(RowState::working, phase_of(plan_.steps[*running]));
    row.note = at(*running).note;
  } else if (last_with(steps, StepResult::failed)) {
    set(RowState::failed, "Error");
  } else if (last_with(steps, StepResult::skipped)) {
    set(RowState::skipped, "Skipped");
  } else if (std::ranges::all_of(steps,
                                 [this](StepId id) { return is_over(id) || is_needless(id); })) {
    row.state = RowState::done;
  } else if (!over_) {
    if (const std::string awaited = awaited_by(steps); !awaited.empty()) {
      row.phase = fmt::format("Waits for {}", awaited);
      row.note.clear();
    }
  } else if (!done) {
    row.phase = "Not begun";
  }
}

/// What the object's next step waits for, of others.
std::string ProgressBoard::awaited_by(const Steps& steps) const {
  const auto next =
      std::ranges::find_if(steps, [this](StepId id) { return !is_over(id) && !is_needless(id); });
  if (next == steps.end()) return "";
  std::vector<std::string> awaited;
  const Step& step = plan_.steps[*next];
  for (const auto* list : {&step.after, &step.follows}) {
    for (const StepId id : *list) {
      const std::string text = is_over(id) ? "" : awaited_text(plan_.steps[id].action);
      if (!text.empty() && std::ranges::find(awaited, text) == awaited.end())
        awaited.push_back(text);
    }
  }
  return join(awaited, ", ");
}

std::optional<ProgressBoard::Time> ProgressBoard::began(const Steps& steps) const {
  std::optional<Time> first;
  for (const StepId id : steps)
    if (at(id).began && (!first || *at(id).began < *first)) first = at(id).began;
  return first;
}

std::optional<ProgressBoard::Time> ProgressBoard::ended(const Steps& steps) const {
  std::optional<Time> last;
  for (const StepId id : steps)
    if (at(id).ended && (!last || *at(id).ended > *last)) last = at(id).ended;
  return last;
}

}  // namespace stack::cli
