// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "base/format.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/takeover.h"

namespace stack::orchestrator {
namespace {

using supervisor::Health;

/// Plans one `up`. Order of the steps: what others need comes first; a container that replaces
/// another is created after that one is gone, because it takes over its name, ports and addresses.
class UpPlanner {
 public:
  UpPlanner(const DesiredState& desired, const ObservedState& observed, const Changes& changes)
      : desired_(desired), observed_(observed), changes_(changes) {}

  Plan plan(Orphans orphans) {
    find_restarts();
    add_networks_and_volumes();
    add_removals(orphans);
    add_updates();
    for (const auto& [name, wish] : desired_.containers) create(name);
    for (const auto& [name, wish] : desired_.containers) start(name);
    Plan plan = builder_.take();
    plan.orphans = orphans_;
    return plan;
  }

 private:
  Verdict verdict(const std::string& name) const { return changes_.containers.at(name).verdict; }
  const ContainerChange& change(const std::string& name) const {
    return changes_.containers.at(name);
  }

  std::vector<std::string> containers_of(const std::string& service) const {
    std::vector<std::string> names;
    for (const auto& [name, wish] : desired_.containers) {
      if (wish.service == service && wish.step.empty()) names.push_back(name);
    }
    return names;
  }

  bool replaces_something(const std::string& service) const {
    return std::ranges::any_of(containers_of(service), [&](const auto& name) {
      return verdict(name) == Verdict::recreate || restarts_.contains(name);
    });
  }

  /// `depends_on: {db: {restart: true}}` (links imply it): who depends on something that is
  /// replaced is restarted with it. Repeats until nothing is added, because restarts spread.
  void find_restarts() {
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& [name, wish] : desired_.containers) {
        const auto is = observed_.containers.find(name);
        if (verdict(name) != Verdict::keep || is == observed_.containers.end() ||
            !is_running(is->second))
          continue;
        for (const auto& [service, how] : wish.model.depends_on) {
          if (how.restart && replaces_something(service)) {
            grown |= restarts_.emplace(name, service + " is replaced").second;
          }
        }
      }
    }
  }

  void add_networks_and_volumes() {
    for (const auto& [name, network] : changes_.networks) {
      if (network.verdict == Verdict::create) {
        made_[name] = builder_.add(CreateNetwork{name}, "absent", {});
      } else if (network.verdict == Verdict::recreate) {
        replaced_networks_.insert(name);
      }
    }
    for (const auto& name : changes_.new_volumes) {
      made_[name] = builder_.add(CreateVolume{name}, "absent", {});
    }
  }

  /// Stops and removes what is replaced, scaled away or (when asked) orphaned, dependents first.
  void add_removals(Orphans orphans) {
    std::set<std::string> leaving, stopping;
    for (const auto& [name, change] : changes_.containers) {
      const bool goes = change.verdict == Verdict::recreate || change.verdict == Verdict::remove ||
                        (change.verdict == Verdict::orphan && orphans == Orphans::remove) ||
                        replaced_network_of(name).has_value();
      if (change.verdict == Verdict::orphan && orphans == Orphans::leave) orphans_.push_back(name);
      if (goes && observed_.containers.contains(name)) leaving.insert(name);
    }
    stopping = leaving;
    for (const auto& [name, why] : restarts_) stopping.insert(name);
    stops_ = add_stops(builder_, observed_, stopping, std::nullopt, "");
    for (const auto& name : leaving) {
      removed_[name] = builder_.add(RemoveContainer{name}, reason(name), after_stop(name));
    }
    explain_stops();
    for (const auto& name : replaced_networks_) {
      std::vector<StepId> after;
      for (const auto& [container, step] : removed_) after.push_back(step);
      const StepId removal = builder_.add(RemoveNetwork{name}, "changed", after);
      made_[name] = builder_.add(CreateNetwork{name}, "changed", {removal});
    }
  }

  /// Not of what goes for another reason.
  void add_updates() {
    for (const auto& [name, change] : changes_.containers) {
      if (change.verdict == Verdict::update && !removed_.contains(name))
        builder_.add(UpdateContainer{name}, change.because, {});
    }
  }

  void explain_stops() {
    for (const auto& [name, step] : stops_) {
      const auto restart = restarts_.find(name);
      builder_.explain(step, restart == restarts_.end() ? reason(name) : restart->second);
    }
  }

  /// The replaced network that a container is in, if any: it must be made anew with it.
  std::optional<std::string> replaced_network_of(const std::string& name) const {
    const auto is = observed_.containers.find(name);
    if (is == observed_.containers.end()) return std::nullopt;
    for (const auto& endpoint : is->second.config.endpoints) {
      if (replaced_networks_.contains(endpoint.network)) return endpoint.network;
    }
    return std::nullopt;
  }

  /// Why a container is stopped, removed or made.
  std::string reason(const std::string& name) const {
    if (!change(name).because.empty()) return change(name).because;
    const auto network = replaced_network_of(name);
    return network ? fmt::format("network {} is replaced", *network) : "";
  }

  std::vector<StepId> after_stop(const std::string& name) const {
    const auto stop = stops_.find(name);
    return stop == stops_.end() ? std::vector<StepId>{} : std::vector<StepId>{stop->second};
  }

  void create(const std::string& name) {
    const bool needed = verdict(name) == Verdict::create || removed_.contains(name);
    if (!needed || created_.contains(name)) return;
    const DesiredContainer& wish = desired_.containers.at(name);
    std::vector<StepId> after;
    // The data container first: what it has at a path fills the volume, not what its user has
    // there.
    for (const auto& source : wish.model.volumes_from) {
      if (source.kind != spec::VolumesFrom::Kind::service) continue;
      for (const auto& holder : containers_of(source.name)) {
        create(holder);
        append_if(created_, holder, after);
      }
    }
    // As docker compose: what the service's image has at a path fills the volume.
    if (!wish.step.empty()) {
      for (const auto& prepared : containers_of(wish.service)) {
        create(prepared);
        append_if(created_, prepared, after);
      }
    }
    append_removals(wish, after);
    for (const auto& [key, network] : wish.network_names) append_if(made_, network, after);
    for (const auto& volume : wish.volume_names) append_if(made_, volume, after);
    created_[name] = builder_.add(CreateContainer{name}, reason(name), std::move(after));
  }

  /// Its predecessor's, and those of others whose ports or addresses it gets.
  void append_removals(const DesiredContainer& wish, std::vector<StepId>& after) const {
    for (const auto& [name, step] : removed_)
      if (name == wish.name || takes_over(wish, observed_.containers.at(name)))
        after.push_back(step);
  }

  static void append_if(const std::map<std::string, StepId>& steps, const std::string& name,
                        std::vector<StepId>& after) {
    if (const auto step = steps.find(name); step != steps.end()) after.push_back(step->second);
  }

  void start(const std::string& name) {
    if (started_.contains(name) || visiting_.contains(name)) return;
    const DesiredContainer& wish = desired_.containers.at(name);
    if (!must_start(wish)) return;
    visiting_.insert(name);
    std::vector<StepId> after;
    // A container that is made anew comes after its predecessor's stop by that.
    append_if(created_.contains(name) ? created_ : stops_, name, after);
    for (const auto& [service, how] : wish.model.depends_on) {
      for (const auto& dependency : containers_of(service)) {
        start(dependency);
        append_wait(wish, dependency, how, after);
      }
    }
    append_preparations(wish, after);
    started_[name] = builder_.add(StartContainer{name}, start_reason(name), std::move(after));
    visiting_.erase(name);
  }

  /// Containers of `pre_start` end before it starts; and they begin when those that they prepare
  /// anew have stopped.
  void append_preparations(const DesiredContainer& wish, std::vector<StepId>& after) {
    const spec::Dependency how{spec::Condition::service_completed_successfully};
    for (const auto& name : wish.prepared_by) {
      start(name);
      append_wait(wish, name, how, after);
    }
    if (wish.step.empty()) return;
    for (const auto& name : containers_of(wish.service)) append_if(stops_, name, after);
  }

  bool must_start(const DesiredContainer& wish) const {
    const bool fresh = created_.contains(wish.name) || restarts_.contains(wish.name) ||
                       verdict(wish.name) == Verdict::start;
    return fresh && !has_nothing_to_run(wish);
  }

  std::string start_reason(const std::string& name) const {
    if (const auto restart = restarts_.find(name); restart != restarts_.end())
      return restart->second;
    return created_.contains(name) ? "created" : change(name).because;
  }

  void append_wait(const DesiredContainer& dependent, const std::string& dependency,
                   const spec::Dependency& how, std::vector<StepId>& after) {
    const auto started = started_.find(dependency);
    if (how.condition == spec::Condition::service_started) {
      if (started != started_.end()) after.push_back(started->second);
      return;
    }
    if (started == started_.end() && holds_already(dependency, how.condition)) return;
    const auto key = std::tuple(dependency, how.condition, how.required);
    auto [wait, fresh] = waits_.try_emplace(key, 0);
    if (fresh) {
      std::vector<StepId> before;
      if (started != started_.end()) before.push_back(started->second);
      wait->second = builder_.add(AwaitCondition{dependency, how.condition, how.required},
                                  reason_to_wait(dependent, dependency), std::move(before));
    }
    after.push_back(wait->second);
  }

  std::string reason_to_wait(const DesiredContainer& dependent,
                             const std::string& dependency) const {
    const bool prepares = !desired_.containers.at(dependency).step.empty();
    return dependent.service + (prepares ? " starts after it" : " depends on it");
  }

  bool holds_already(const std::string& name, spec::Condition condition) const {
    const auto is = observed_.containers.find(name);
    if (is == observed_.containers.end()) return false;
    if (condition == spec::Condition::service_healthy) {
      return is_running(is->second) && is->second.status.health == Health::healthy;
    }
    return is_completed(is->second);
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  const Changes& changes_;
  PlanBuilder builder_;
  std::map<std::string, std::string> restarts_;  // container -> why
  std::set<std::string> replaced_networks_;
  std::set<std::string> visiting_;
  std::vector<std::string> orphans_;
  std::map<std::string, StepId> made_;  // networks and volumes
  std::map<std::string, StepId> stops_, removed_, created_, started_;
  std::map<std::tuple<std::string, spec::Condition, bool>, StepId> waits_;
};

}  // namespace

Plan plan_up(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
             Orphans orphans) {
  return UpPlanner(desired, observed, changes).plan(orphans);
}

Plan plan_start(const DesiredState& desired, const ObservedState& observed,
                const std::set<std::string>& services) {
  Changes changes;
  for (const auto& [name, wish] : desired.containers) {
    const auto is = observed.containers.find(name);
    const bool over =
        is != observed.containers.end() && !wish.step.empty() && is_completed(is->second);
    const bool starts = is != observed.containers.end() && services.contains(wish.service) &&
                        !is_running(is->second) && !is_data_container(is->second) && !over;
    changes.containers[name].verdict = starts ? Verdict::start : Verdict::keep;
    changes.containers[name].because = "asked for";
  }
  return UpPlanner(desired, observed, changes).plan(Orphans::leave);
}

}  // namespace stack::orchestrator
