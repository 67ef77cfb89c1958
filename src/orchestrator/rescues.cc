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
    if (atomicity_ == Atomicity::all) undo_changes();
    for (const auto& [name, wish] : desired_.containers) start_again(name);
    for (const auto& [name, why] : restarts_) start_again(name);
    for (const auto& [name, step] : steps_.spared) start_again(name);
  }

 private:
  using Steps = std::map<std::string, StepId>;

  static void append(const Steps& steps, const std::string& name, std::vector<StepId>& out) {
    if (const auto step = steps.find(name); step != steps.end()) out.push_back(step->second);
  }

  std::set<std::string> bound(const std::string& name) const {
    return bound_to(name, replacements_, steps_.started);
  }

  /// The stops of those whose places they take are known by what these are called.
  std::set<std::string> with_predecessors(std::set<std::string> names) const {
    for (const auto& [place, replacement] : replacements_)
      if (names.contains(place)) names.insert(replacement.old);
    return names;
  }

  /// Steps whose failure is a failure of what happens to `name`.
  std::vector<StepId> steps_for(const std::string& name) const {
    std::vector<StepId> found;
    const std::set<std::string> names = with_predecessors(bound(name));
    for (const Steps* steps :
         {&steps_.created, &steps_.stops, &steps_.started, &steps_.settled, &steps_.judged}) {
      for (const auto& [each, step] : *steps)
        if (atomicity_ == Atomicity::all || names.contains(each)) found.push_back(step);
    }
    return found;
  }

  std::optional<StepId> add_rescue(const std::string& name, Action action, std::string because,
                                   std::vector<StepId> after) {
    std::vector<StepId> failing = steps_for(name);
    if (failing.empty()) return std::nullopt;  // nothing that could fail
    return builder_.add_rescue(std::move(action), std::move(because), std::move(after),
                               std::move(failing));
  }

  void bring_back(const std::string& name, const Replacement& replacement) {
    std::vector<StepId> after = gone_;
    for (const std::string& each : bound(name)) step_back(each, after);
    steps_.brought_back[name] = builder_.add_rescue(
        BringContainerBack{replacement.own_name, replacement.aside, successor_of(name)},
        "its successor failed", after, steps_for(name));
  }

  /// As the action has it.
  std::string successor_of(const std::string& name) const {
    return replacements_.at(name).own_name == name ? "" : name;
  }

  /// What a container is called when it has been brought back.
  std::string name_before(const std::string& name) const {
    const auto replacement = replacements_.find(name);
    return replacement == replacements_.end() ? name : replacement->second.own_name;
  }

  /// One that has a port or an address of another one's, and was not there, or did not run, before.
  void step_back(const std::string& name, std::vector<StepId>& after) {
    if (replacements_.contains(name) || restarts_.contains(name)) return;
    if (!stepped_back_.contains(name))
      stepped_back_[name] =
          builder_.add_rescue(StopContainer{name, std::nullopt}, "what it has goes back to another",
                              {}, steps_for(name));
    after.push_back(stepped_back_.at(name));
  }

  /// Dependencies first, as far as they are started again too.
  void start_again(const std::string& name) {
    if (!visited_.insert(name).second || !ran(name)) return;
    std::vector<StepId> after;
    for (const std::string& each : bound(name)) append(steps_.brought_back, each, after);
    std::vector<StepId> failing = steps_for(name);
    const auto wish = desired_.containers.find(name);
    if (wish != desired_.containers.end()) start_dependencies_again(wish->second, failing);
    started_again_[name] = builder_.add_rescue(StartContainer{name_before(name)}, "as before",
                                               std::move(after), std::move(failing));
    builder_.put_behind(started_again_[name], before_starts_);
  }

  void start_dependencies_again(const DesiredContainer& dependent, std::vector<StepId>& failing) {
    for (const auto& [service, how] : dependent.model.depends_on) {
      for (const auto& [dependency, wish] : desired_.containers) {
        if (wish.service != service || !wish.step.empty()) continue;
        start_again(dependency);
        append(started_again_, dependency, failing);
      }
    }
  }

  bool ran(const std::string& name) const {
    const auto replacement = replacements_.find(name);
    if (replacement != replacements_.end()) {
      const bool wanted = replacement->second.was_running ||
                          (replacement->second.was_failing && atomicity_ == Atomicity::all);
      return wanted && steps_.brought_back.contains(name);
    }
    const bool is_spared = steps_.spared.contains(name) && steps_.stops.contains(name);
    return restarts_.contains(name) || is_spared;
  }

  /// Dependents and dependencies alike: nobody has worked with them yet.
  void remove_new() {
    for (const auto& [name, step] : steps_.created) {
      if (replacements_.contains(name)) continue;
      const std::string why = all_or_nothing;
      const StepId stop =
          builder_.add_rescue(StopContainer{name, std::nullopt}, why, {}, steps_for(name));
      gone_.push_back(builder_.add_rescue(RemoveContainer{name}, why, {stop}, steps_for(name)));
    }
    before_starts_ = gone_;  // they may have a port that was free before
    for (const auto& [name, network] : desired_.networks) {
      if (!steps_.made.contains(name) || steps_.remade.contains(name)) continue;
      builder_.add_rescue(RemoveNetwork{name}, all_or_nothing, gone_, steps_for(name));
    }
  }

  void undo_changes() {
    for (const auto& [name, step] : steps_.rechecked)
      if (const auto update =
              add_rescue(name, UpdateContainer{name, false, true}, all_or_nothing, {}))
        before_starts_.push_back(*update);
    bring_networks_back();
  }

  /// They are as they were when nobody runs in them. Whoever stays stopped did not run before.
  void bring_networks_back() {
    if (steps_.remade.empty()) return;
    std::vector<StepId> quiet = gone_;
    for (const auto& [name, step] : steps_.brought_back) quiet.push_back(step);
    for (const auto& [name, step] : steps_.started) {
      if (replacements_.contains(name) || steps_.created.contains(name)) continue;
      quiet.push_back(builder_.add_rescue(StopContainer{name, std::nullopt}, all_or_nothing, {},
                                          steps_for(name)));
    }
    for (const auto& [name, step] : steps_.remade) {
      const auto removal = add_rescue(name, RemoveNetwork{name}, all_or_nothing, quiet);
      if (!removal) return;
      before_starts_.push_back(*removal);
      before_starts_.push_back(
          *add_rescue(name, CreateNetwork{name, true}, all_or_nothing, {*removal}));
    }
  }

  static constexpr const char* all_or_nothing = "all or nothing";

  PlanBuilder& builder_;
  const DesiredState& desired_;
  const std::map<std::string, Replacement>& replacements_;
  const std::map<std::string, std::string>& restarts_;
  UpSteps& steps_;
  Atomicity atomicity_;
  std::vector<StepId> gone_;
  std::vector<StepId> before_starts_;  ///< what is over before anything is started again
  Steps stepped_back_;
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
