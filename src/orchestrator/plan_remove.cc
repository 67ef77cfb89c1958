// SPDX-License-Identifier: Apache-2.0
// `rm`, and plans of which some containers are not started.
#include <algorithm>

#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

/// Whether it is an anonymous volume of a service of which a container goes. What a container has
/// by volumes_from is another one's.
bool is_of_who_goes(const volumes::VolumeInfo& volume, const ObservedState& observed,
                    const std::map<std::string, StepId>& removals) {
  const auto owner = volume.labels.find("stack.service");
  if (owner == volume.labels.end()) return false;
  return std::ranges::any_of(removals, [&](const auto& each) {
    return observed.containers.at(each.first).config.service == owner->second;
  });
}

/// Those that nobody has but who goes.
std::vector<std::string> leaving_volumes(const ObservedState& observed,
                                         const RemoveRequest& request,
                                         const std::map<std::string, StepId>& removals) {
  std::vector<std::string> names;
  for (const auto& [volume, users] : request.volume_users) {
    const auto known = observed.volumes.find(volume);
    if (known == observed.volumes.end() || !is_of_who_goes(known->second, observed, removals))
      continue;
    if (std::ranges::all_of(users, [&](const auto& user) { return removals.contains(user); }))
      names.push_back(volume);
  }
  return names;
}

/// The container that a step starts or waits for; null when it does neither.
const std::string* started_by(const Step& step) {
  if (!step.rescues.empty()) return nullptr;
  if (const auto* start = std::get_if<StartContainer>(&step.action)) return &start->name;
  if (const auto* wait = std::get_if<AwaitCondition>(&step.action)) return &wait->name;
  if (const auto* wait = std::get_if<AwaitSettled>(&step.action)) return &wait->name;
  return nullptr;
}

/// Builds a plan again without some of its steps.
class Thinning {
 public:
  explicit Thinning(const Plan& plan) : plan_(plan), heirs_(plan.steps.size()) {
    thinned_.orphans = plan.orphans;
    thinned_.networks_in_use = plan.networks_in_use;
  }

  Plan run(const std::function<bool(const std::string&)>& is_left) {
    std::vector<bool> kept(plan_.steps.size());
    for (StepId id = 0; id < plan_.steps.size(); ++id) {
      const Step& step = plan_.steps[id];
      std::vector<StepId> after = heirs_of(step.after);
      const auto those_left = [&](const std::vector<StepId>& steps) {
        std::vector<StepId> left;
        for (const StepId each : steps)
          if (kept[each]) left.push_back(heirs_[each].front());
        return left;
      };
      std::vector<StepId> rescued = those_left(step.rescues);
      const std::string* const started = started_by(step);
      const bool goes =
          (started != nullptr && is_left(*started)) || (!step.rescues.empty() && rescued.empty());
      kept[id] = !goes;
      if (goes) {
        heirs_[id] = std::move(after);
        continue;
      }
      heirs_[id] = {thinned_.steps.size()};
      thinned_.steps.push_back({step.action, step.because, std::move(after), std::move(rescued),
                                those_left(step.follows), step.bearable});
    }
    return std::move(thinned_);
  }

 private:
  /// Whoever came after a step that is gone comes after what that came after.
  std::vector<StepId> heirs_of(const std::vector<StepId>& steps) const {
    std::set<StepId> heirs;
    for (const StepId step : steps) heirs.insert(heirs_[step].begin(), heirs_[step].end());
    return {heirs.begin(), heirs.end()};
  }

  const Plan& plan_;
  std::vector<std::vector<StepId>> heirs_;  ///< by step of the old plan: steps of the new one
  Plan thinned_;
};

}  // namespace

Plan plan_remove(const ObservedState& observed, const RemoveRequest& request) {
  PlanBuilder builder;
  Stops stops{.names = {}, .grace = request.grace, .because = "asked for"};
  std::set<std::string> leaving;
  for (const auto& name : request.containers) {
    const auto is = observed.containers.find(name);
    if (is == observed.containers.end()) continue;
    const bool runs = supervisor::is_up(is->second.status.phase);
    if (runs && !request.stops) continue;
    leaving.insert(name);
    if (runs) stops.names.insert(name);
  }
  const auto stopped = add_stops(builder, observed, stops);
  std::map<std::string, StepId> removals;
  for (const auto& name : leaving) {
    std::vector<StepId> after;
    if (const auto stop = stopped.find(name); stop != stopped.end()) after.push_back(stop->second);
    removals[name] = builder.add(RemoveContainer{name}, "asked for", std::move(after));
  }
  if (!request.volumes) return builder.take();
  std::vector<StepId> all;
  for (const auto& [name, step] : removals) all.push_back(step);
  for (const auto& volume : leaving_volumes(observed, request, removals))
    builder.add(RemoveVolume{volume}, "rm -v", all);
  return builder.take();
}

Plan without_starts(const Plan& plan, const std::function<bool(const std::string&)>& is_left) {
  return Thinning(plan).run(is_left);
}

}  // namespace stack::orchestrator
