// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "base/format.h"
#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/readiness.h"
#include "orchestrator/rescues.h"
#include "orchestrator/restarts.h"
#include "orchestrator/rolling.h"
#include "orchestrator/takeover.h"
#include "orchestrator/up_steps.h"
#include "runtime/signals.h"

namespace stack::orchestrator {
namespace {

using supervisor::Health;

/// Plans one `up`. Order of the steps: what others need comes first. How a container takes another
/// one's place is decided in replacement.h, what comes after a failure in rescues.h.
class UpPlanner {
 public:
  UpPlanner(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
            Atomicity atomicity)
      : desired_(desired), observed_(observed), changes_(changes), atomicity_(atomicity) {}

  Plan plan() {
    add_networks_and_volumes();
    replacements_ = choose_replacements(desired_, observed_, changes_);
    find_leaving();
    find_restarts();
    set_aside();
    add_updates_before_restarts();
    add_updates_of_checks();
    add_early_removals();
    for (const auto& [name, wish] : desired_.containers) create(name);
    add_late_stops();
    for (const auto& [name, wish] : desired_.containers) start(name);
    start_unwished();
    await_what_those_that_go_on_need();
    for (const auto& [name, wish] : desired_.containers) settle(name);
    finish_replacements();
    if (is_all_or_nothing()) spare_until_all_have_settled();
    pace_updates(builder_, desired_, replacements_, steps_);
    add_updates();
    add_rescues(builder_, desired_, replacements_, restarts_, steps_, atomicity_);
    for (const auto& [fresh, old] : changes_.renewed_volumes) let_go_of_one(fresh, old);
    Plan plan = builder_.take();
    plan.orphans = orphans_;
    return plan;
  }

 private:
  bool is_all_or_nothing() const { return atomicity_ == Atomicity::all; }

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

  /// Whoever goes for another reason does not start again.
  void find_restarts() {
    for (const auto& [name, change] : changes_.containers)
      if (!change.restarts.empty() && !leaving_.contains(name))
        restarts_.emplace(
            name, change.verdict == Verdict::update ? told_reason(change) : change.restarts);
  }

  void add_networks_and_volumes() {
    for (const auto& [name, network] : changes_.networks) {
      if (network.verdict == Verdict::create) {
        steps_.made[name] = builder_.add(CreateNetwork{name}, "absent", {});
      } else if (network.verdict == Verdict::recreate) {
        replaced_networks_.insert(name);
      }
    }
    for (const auto& name : changes_.new_volumes) {
      const bool renewed = changes_.renewed_volumes.contains(name);
      steps_.made[name] = builder_.add(CreateVolume{name}, renewed ? "renewed" : "absent", {});
    }
  }

  /// What is to go, or gives its place to somebody who cannot be made beside it.
  void find_leaving() {
    leaving_ = forgotten(observed_, changes_, replacements_);
    for (const auto& [name, change] : changes_.containers) {
      const bool goes = change.verdict == Verdict::remove || is_removed_first(name);
      if (change.verdict == Verdict::orphan) orphans_.push_back(name);
      if (goes && observed_.containers.contains(name)) leaving_.insert(name);
    }
  }

  /// Whoever is in the way of a new container of this name goes before that is made.
  bool is_removed_first(const std::string& name) const {
    if (verdict(name) != Verdict::recreate) return false;
    const Replacement& replacement = replacements_.at(name);
    return replacement.manner == Manner::remove_first || replacement.is_aside;
  }

  void set_aside() {
    for (const auto& [name, replacement] : replacements_) {
      if (replacement.manner == Manner::remove_first || replacement.is_aside) continue;
      using Addresses = supervisor::SetContainerAside::Addresses;
      SetContainerAside action{replacement.old, replacement.aside};
      if (name != replacement.own_name) action.successor = name;
      if (replacement.manner == Manner::start_first) action.addresses = Addresses::kept;
      if (!replacement.supplanted_by.empty()) action.addresses = Addresses::given_up;
      steps_.set_aside[name] = builder_.add(action, reason(name), {});
    }
  }

  /// What has to be gone before something can be made; and what has to be still before a network
  /// can.
  void add_early_removals() {
    std::set<std::string> early, still;
    for (const auto& name : leaving_) {
      const bool is_in_the_way = is_removed_first(name) ||
                                 is_taken_over(observed_.containers.at(name), desired_, changes_);
      const bool is_cut_off = replaced_network_of(name).has_value();
      if (is_in_the_way || is_cut_off) still.insert(name);
      if (is_in_the_way || (is_cut_off && !can_start_again(name))) early.insert(name);
    }
    Stops stops = replaced_networks_.empty() ? Stops{still} : with_restarts(still);
    for (const auto& [name, replacement] : replacements_) {
      if (replacement.manner == Manner::remove_first) continue;
      if (replaced_network_of(replacement.old)) add_to(stops, name, replacement, steps_.set_aside);
    }
    add(stops);
    remove(early);
    remake_networks();
  }

  /// What goes when all have settled is there when they do not, with its network as it was. A run
  /// by hand would be another one.
  bool can_start_again(const std::string& name) const {
    return is_all_or_nothing() && !supervisor::is_one_off(observed_.containers.at(name).config);
  }

  void remake_networks() {
    std::vector<StepId> quiet = all_of(steps_.stops);
    for (const StepId step : all_of(steps_.removed)) quiet.push_back(step);
    for (const auto& name : replaced_networks_) {
      const StepId removal = builder_.add(RemoveNetwork{name}, "changed", quiet);
      steps_.remade[name] = builder_.add(CreateNetwork{name}, "changed", {removal});
      steps_.made[name] = steps_.remade[name];
    }
  }

  /// The one before `name`, after what was done for that in `before`.
  static void add_to(Stops& stops, const std::string& name, const Replacement& replacement,
                     const std::map<std::string, StepId>& before) {
    stops.names.insert(replacement.old);
    stops.called[replacement.old] = replacement.aside;
    stops.after[replacement.old] = steps_of(before, name);
  }

  /// A container that is replaced stops when its successor is there to be started.
  void add_late_stops() {
    Stops stops = with_restarts(leaving_);
    for (const auto& [name, replacement] : replacements_) {
      if (replacement.manner == Manner::stop_first)
        add_to(stops, name, replacement, steps_.created);
    }
    for (const auto& [name, step] : steps_.stops) stops.names.erase(name);
    add(stops);
    late_ = leaving_;
    for (const auto& [name, step] : steps_.removed) late_.erase(name);
    remove(late_);
  }

  void add(const Stops& stops) {
    for (const auto& [name, step] : add_stops(builder_, observed_, stops)) {
      const auto restart = restarts_.find(name);
      builder_.explain(step, restart == restarts_.end() ? reason(name) : restart->second);
      steps_.stops[name] = step;
    }
  }

  void remove(const std::set<std::string>& names) {
    for (const auto& name : names)
      steps_.removed[name] =
          builder_.add(RemoveContainer{name}, reason(name), steps_of(steps_.stops, name));
  }

  /// What stops to begin again with other texts has them by then; and goes on as it was when it
  /// cannot have them.
  void add_updates_before_restarts() {
    for (const auto& [name, why] : restarts_)
      if (verdict(name) == Verdict::update && !leaving_.contains(name))
        steps_.updated[name] = builder_.add(UpdateContainer{name}, why, {});
  }

  /// Before anybody waits for what the checks say. Of one that gets a port of another's it has to
  /// wait for that, like all of its changes.
  void add_updates_of_checks() {
    const auto is_check = [](const FieldChange& field) {
      return field.path == "healthcheck" || field.path.starts_with("healthcheck.");
    };
    for (const auto& [name, change] : changes_.containers) {
      if (change.verdict != Verdict::update || change.other_texts || leaving_.contains(name) ||
          steps_.updated.contains(name) || std::ranges::none_of(change.fields, is_check) ||
          std::ranges::any_of(observed_.containers, [&](const auto& each) {
            return each.first != name &&
                   takes_over(desired_.containers.at(name), each.second, changes_);
          }))
        continue;
      steps_.rechecked[name] = builder_.add(UpdateContainer{name}, change.because, {});
      steps_.updated[name] = steps_.rechecked[name];
    }
  }

  /// With those that restart, after what has to be done before.
  Stops with_restarts(std::set<std::string> names) const {
    Stops stops{std::move(names)};
    for (const auto& [name, why] : restarts_) {
      stops.names.insert(name);
      if (const auto update = steps_of(steps_.updated, name); !update.empty())
        stops.after[name] = update;
    }
    return stops;
  }

  /// After everything else: an update that the kernel refuses changes nothing. Not of what goes for
  /// another reason.
  void add_updates() {
    for (const auto& [name, change] : changes_.containers) {
      if (change.verdict != Verdict::update || steps_.removed.contains(name) ||
          steps_.updated.contains(name))
        continue;
      std::vector<StepId> after;
      append_removals(desired_.containers.at(name), after);
      for (const std::string& place : supplanted_by(name)) append_proof_of(place, after);
      if (is_all_or_nothing())
        for (const StepId step : all_of(steps_.settled)) after.push_back(step);
      const spec::OnChange& on_change = desired_.containers.at(name).model.on_change;
      const bool tells = change.other_texts && on_change.kind == spec::OnChange::Kind::signal;
      const StepId update =
          builder_.add(UpdateContainer{name, tells}, change.because, std::move(after));
      if (tells)
        builder_.add(SignalContainer{name, *runtime::signal_number(on_change.signal)},
                     change.because, {update});
    }
  }

  /// The replaced network that a container is in, if any: it must be made anew with it.
  std::optional<std::string> replaced_network_of(const std::string& name) const {
    const auto is = observed_.containers.find(name);
    if (is == observed_.containers.end()) return std::nullopt;
    return orchestrator::replaced_network_of(is->second, changes_);
  }

  /// Why a container is stopped, removed or made.
  std::string reason(const std::string& name) const {
    const auto known = changes_.containers.find(name);
    if (known == changes_.containers.end()) return "";
    if (!known->second.because.empty()) return known->second.because;
    const auto network = replaced_network_of(name);
    return network ? fmt::format("network {} is replaced", *network) : "";
  }

  static std::vector<StepId> steps_of(const std::map<std::string, StepId>& steps,
                                      const std::string& name) {
    std::vector<StepId> found;
    append_if(steps, name, found);
    return found;
  }

  static std::vector<StepId> all_of(const std::map<std::string, StepId>& steps) {
    std::vector<StepId> all;
    for (const auto& [name, step] : steps) all.push_back(step);
    return all;
  }

  void create(const std::string& name) {
    const bool needed = verdict(name) == Verdict::create || steps_.removed.contains(name) ||
                        steps_.set_aside.contains(name);
    if (!needed || steps_.created.contains(name)) return;
    const DesiredContainer& wish = desired_.containers.at(name);
    std::vector<StepId> after;
    // The data container first: what it has at a path fills the volume, not what its user has
    // there.
    for (const auto& source : wish.model.volumes_from) {
      if (source.kind != spec::VolumesFrom::Kind::service) continue;
      for (const auto& holder : containers_of(source.name)) {
        create(holder);
        append_if(steps_.created, holder, after);
      }
    }
    // As docker compose: what the service's image has at a path fills the volume.
    if (!wish.step.empty()) {
      for (const auto& prepared : containers_of(wish.service)) {
        create(prepared);
        append_if(steps_.created, prepared, after);
      }
    }
    append_removals(wish, after);
    append_if(steps_.set_aside, name, after);
    for (const std::string& place : supplanted_by(name)) append_if(steps_.set_aside, place, after);
    for (const auto& [key, network] : wish.network_names) append_if(steps_.made, network, after);
    for (const auto& volume : wish.volume_names) append_if(steps_.made, volume, after);
    steps_.created[name] = builder_.add(CreateContainer{name}, reason(name), std::move(after));
  }

  /// Whose ports and addresses it gets, of those that are replaced.
  std::vector<std::string> supplanted_by(const std::string& name) const {
    std::vector<std::string> places;
    for (const auto& [place, replacement] : replacements_)
      if (replacement.supplanted_by.contains(name)) places.push_back(place);
    return places;
  }

  /// Its predecessor's, and those of others whose ports or addresses it gets.
  void append_removals(const DesiredContainer& wish, std::vector<StepId>& after) const {
    for (const auto& [name, step] : steps_.removed)
      if (name == wish.name || takes_over(wish, observed_.containers.at(name), changes_))
        after.push_back(step);
  }

  static void append_if(const std::map<std::string, StepId>& steps, const std::string& name,
                        std::vector<StepId>& after) {
    if (const auto step = steps.find(name); step != steps.end()) after.push_back(step->second);
  }

  void start(const std::string& name) {
    if (steps_.started.contains(name) || visiting_.contains(name)) return;
    const DesiredContainer& wish = desired_.containers.at(name);
    if (!must_start(wish)) return;
    visiting_.insert(name);
    std::vector<StepId> after;
    append_if(steps_.created, name, after);
    if (!steps_.removed.contains(name)) append_if(steps_.stops, name, after);
    append_stop_of_old(name, after);
    for (const std::string& place : supplanted_by(name)) {
      append_if(steps_.stops, place, after);
      append_stop_of_old(place, after);
    }
    append_networks(name, after);
    for (const auto& [service, how] : wish.model.depends_on) {
      for (const auto& dependency : containers_of(service)) {
        start(dependency);
        append_wait(wish, dependency, how, after);
      }
    }
    append_preparations(wish, after);
    if (wish.one_off) create_behind(name, after);
    append_surplus(wish, after);
    steps_.started[name] = builder_.add(StartContainer{name}, start_reason(name), std::move(after));
    visiting_.erase(name);
    if (is_kept_until_settled(name)) settle(name);
  }

  /// What a person runs once is not left behind when what it needs fails, or is waited for in vain.
  void create_behind(const std::string& name, const std::vector<StepId>& steps) {
    const auto created = steps_.created.find(name);
    if (created == steps_.created.end()) return;
    for (const StepId step : steps)
      if (!builder_.depends(step, created->second)) builder_.put_after(created->second, step);
  }

  /// Of one service, what is scaled away goes before what is missing comes: of a range of ports
  /// there may be just enough. What is kept until all have settled has stopped by then.
  void append_surplus(const DesiredContainer& wish, std::vector<StepId>& after) const {
    if (verdict(wish.name) != Verdict::create || !wish.step.empty()) return;
    for (const std::string& name : late_)
      if (observed_.containers.at(name).config.service == wish.service &&
          verdict(name) == Verdict::remove)
        append_if(is_all_or_nothing() ? steps_.stops : steps_.removed, name, after);
  }

  /// The stop of the one whose place it takes, if there is one that is kept.
  void append_stop_of_old(const std::string& name, std::vector<StepId>& after) const {
    const auto replacement = replacements_.find(name);
    if (replacement != replacements_.end() && replacement->second.manner != Manner::remove_first)
      append_if(steps_.stops, replacement->second.old, after);
  }

  /// Those that it is in already, and that are made anew.
  void append_networks(const std::string& name, std::vector<StepId>& after) const {
    const auto is = observed_.containers.find(name);
    if (is == observed_.containers.end()) return;
    for (const auto& endpoint : is->second.config.endpoints)
      append_if(steps_.made, endpoint.network, after);
  }

  /// Containers that this `up` is not about, but that are in a network which is made anew.
  void start_unwished() {
    for (const auto& [name, why] : restarts_) {
      if (desired_.containers.contains(name)) continue;
      std::vector<StepId> after = steps_of(steps_.stops, name);
      append_networks(name, after);
      steps_.started[name] = builder_.add(StartContainer{name}, why, std::move(after));
    }
  }

  /// One that did not run has nothing to go on with: it is kept until its successor has started.
  bool is_kept_until_settled(const std::string& name) const {
    const auto replacement = replacements_.find(name);
    return replacement != replacements_.end() &&
           replacement->second.manner != Manner::remove_first && replacement->second.was_running;
  }

  /// What decides between a container and the one before it, or, when all depend on it, whether
  /// anything changes.
  void settle(const std::string& name) {
    const bool decides = is_kept_until_settled(name) || is_all_or_nothing();
    if (!decides || !steps_.started.contains(name) || steps_.settled.contains(name)) return;
    const DesiredContainer& wish = desired_.containers.at(name);
    const StepId started = steps_.started.at(name);
    const auto replacement = replacements_.find(name);
    const bool both =
        replacement != replacements_.end() && replacement->second.manner == Manner::start_first;
    const std::string why =
        replacement == replacements_.end() ? "all or nothing" : "it takes another one's place";
    const auto& update = wish.model.update_config;
    const auto monitor = update ? update->monitor : std::chrono::nanoseconds(0);
    std::vector<StepId> after{started};
    const bool proves_health = both || update.has_value() || is_all_or_nothing();
    const bool awaits_health = tells_health(wish) && proves_health;
    if (awaits_health)
      after = {builder_.add(AwaitCondition{name, spec::Condition::service_healthy}, why,
                            std::move(after))};
    if (!awaits_health || monitor.count() > 0)
      after = {builder_.add(AwaitSettled{name, monitor}, why, std::move(after))};
    steps_.settled[name] = after.front();
  }

  /// The old ones go when their successors have proved themselves; all at the end, when all do or
  /// none.
  void finish_replacements() {
    for (const auto& [name, replacement] : replacements_) {
      if (replacement.manner == Manner::remove_first) continue;
      std::vector<StepId> after = steps_of(steps_.created, name);
      append_if(steps_.stops, replacement.old, after);
      for (const std::string& each : bound_to(name, replacements_, steps_.started))
        append_proof_of(each, after);
      if (is_all_or_nothing())
        for (const StepId step : all_of(steps_.settled)) after.push_back(step);
      const std::string why = "its successor runs";
      std::optional<StepId> stop;
      if (replacement.manner == Manner::start_first) {
        stop = builder_.add(StopContainer{replacement.aside, std::nullopt}, why, after);
        after = {*stop};
      }
      const StepId removal =
          builder_.add(RemoveContainer{replacement.aside}, why, std::move(after));
      steps_.let_go[name] = stop.value_or(removal);
      steps_.forgotten[replacement.old] = removal;
    }
  }

  /// What shows that a container is as it should be.
  void append_proof_of(const std::string& name, std::vector<StepId>& after) const {
    append_if(steps_.settled.contains(name) ? steps_.settled : steps_.started, name, after);
  }

  /// But for those in whose place, or with whose port or address, others settle.
  void spare_until_all_have_settled() {
    for (const auto& name : late_) {
      for (const StepId step : all_of(steps_.settled))
        builder_.put_after(steps_.removed[name], step);
      steps_.spared[name] = steps_.removed[name];
    }
  }

  /// Of a volume and the one in its place one goes: the old one when nobody has it any more, the
  /// new one when all who should have it gave way to those before them.
  void let_go_of_one(const std::string& fresh, const std::string& old) {
    std::vector<StepId> users_gone, successors_gone;
    const auto volume = observed_.volumes.find(old);
    for (const auto& [name, container] : observed_.containers) {
      if (!has_volume(container, volume->second)) continue;
      const auto before = users_gone.size();
      append_if(steps_.removed, name, users_gone);
      append_if(steps_.forgotten, name, users_gone);
      if (users_gone.size() == before) return;  // somebody stays with it
    }
    for (const auto& [name, wish] : desired_.containers) {
      if (std::ranges::find(wish.volume_names, fresh) == wish.volume_names.end()) continue;
      append_if(steps_.started, name, users_gone);
      append_if(steps_.brought_back, name, successors_gone);
    }
    const StepId removal = builder_.add(RemoveVolume{old}, "renewed", users_gone);
    if (!successors_gone.empty())
      builder_.add_rescue(RemoveVolume{fresh, true}, "nobody has it", successors_gone, {removal});
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
    for (const auto& name : containers_of(wish.service)) {
      append_if(steps_.stops, name, after);
      append_stop_of_old(name, after);
    }
  }

  /// As docker compose: a dependent that runs already is no reason not to wait for a job that runs
  /// once more, or for a database that is another one.
  void await_what_those_that_go_on_need() {
    for (const auto& [name, wish] : desired_.containers) {
      const auto is = observed_.containers.find(name);
      if (steps_.started.contains(name) || is == observed_.containers.end() ||
          !is_running(is->second))
        continue;
      for (const auto& [service, how] : wish.model.depends_on) {
        for (const auto& dependency : containers_of(service)) {
          std::vector<StepId> waits;
          if (steps_.started.contains(dependency) || steps_.rechecked.contains(dependency))
            append_wait(wish, dependency, how, waits);
        }
      }
    }
  }

  bool must_start(const DesiredContainer& wish) const {
    const bool fresh = steps_.created.contains(wish.name) || restarts_.contains(wish.name) ||
                       verdict(wish.name) == Verdict::start;
    return fresh && !has_nothing_to_run(wish);
  }

  std::string start_reason(const std::string& name) const {
    if (const auto restart = restarts_.find(name); restart != restarts_.end())
      return restart->second;
    return steps_.created.contains(name) ? "created" : change(name).because;
  }

  void append_wait(const DesiredContainer& dependent, const std::string& dependency,
                   const spec::Dependency& how, std::vector<StepId>& after) {
    const auto started = steps_.started.find(dependency);
    if (how.condition == spec::Condition::service_started)
      return append_proof_of(dependency, after);
    const bool is_rechecked =
        steps_.rechecked.contains(dependency) && how.condition == spec::Condition::service_healthy;
    if (started == steps_.started.end() && !is_rechecked &&
        holds_already(dependency, how.condition))
      return;
    const auto key = std::tuple(dependency, how.condition, how.required);
    auto [wait, fresh] = waits_.try_emplace(key, 0);
    if (fresh) {
      std::vector<StepId> before;
      if (started != steps_.started.end()) before.push_back(started->second);
      if (is_rechecked) append_if(steps_.rechecked, dependency, before);
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
  Atomicity atomicity_;
  PlanBuilder builder_;
  std::map<std::string, std::string> restarts_;  // container -> why
  std::map<std::string, Replacement> replacements_;
  std::set<std::string> replaced_networks_;
  std::set<std::string> leaving_;
  std::set<std::string> late_;  ///< of those the ones that nobody waits for
  std::set<std::string> visiting_;
  std::vector<std::string> orphans_;
  UpSteps steps_;
  std::map<std::tuple<std::string, spec::Condition, bool>, StepId> waits_;
};

}  // namespace

Plan plan_up(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
             Atomicity atomicity) {
  return UpPlanner(desired, observed, changes, atomicity).plan();
}

Plan plan_start(const DesiredState& desired, const ObservedState& observed,
                const std::set<std::string>& services) {
  Changes changes;
  for (const auto& [name, wish] : desired.containers) {
    const auto is = observed.containers.find(name);
    const bool over =
        is != observed.containers.end() && !wish.step.empty() && is_completed(is->second);
    const bool starts = is != observed.containers.end() && services.contains(wish.service) &&
                        !is_running(is->second) && !has_nothing_to_run(wish) &&
                        !has_nothing_to_run(is->second) && !over;
    changes.containers[name].verdict = starts ? Verdict::start : Verdict::keep;
    changes.containers[name].because = "asked for";
  }
  return UpPlanner(desired, observed, changes, Atomicity::each).plan();
}

}  // namespace stack::orchestrator
