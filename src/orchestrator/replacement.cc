// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/replacement.h"

#include <algorithm>

#include "orchestrator/plan_builder.h"
#include "orchestrator/restarts.h"
#include "orchestrator/takeover.h"

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;

bool can_be_written(const DesiredMount& each) {
  const bool lasts =
      each.mount.type == spec::MountType::volume || each.mount.type == spec::MountType::bind;
  return lasts && each.mount.access != spec::Access::read_only;
}

bool has_fixed_place(const DesiredContainer& wish, const DesiredState& desired) {
  if (!wish.model.mac_address.empty()) return true;
  return std::ranges::any_of(wish.model.networks, [&](const auto& each) {
    const spec::NetworkAttachment& seat = each.second;
    return !seat.ipv4_address.empty() || !seat.ipv6_address.empty() || !seat.mac_address.empty() ||
           !seat.link_local_ips.empty() ||
           !desired.networks.at(wish.network_names.at(each.first)).is_own();
  });
}

bool is_shared_by_others(const std::string& name, const DesiredState& desired) {
  return std::ranges::any_of(desired.containers, [&](const auto& each) {
    return std::ranges::any_of(each.second.shares,
                               [&](const auto& share) { return share.second == name; });
  });
}

/// Nothing would be held twice while both run.
bool can_run_beside(const DesiredContainer& wish, const DesiredState& desired) {
  using Order = spec::UpdateOrder;
  const Order order = wish.model.update_config ? wish.model.update_config->order : Order::unset;
  if (order == Order::stop_first) return false;
  const bool writes = std::ranges::any_of(wish.mounts, can_be_written);
  if (writes && order != Order::start_first) return false;
  const auto& mode = wish.model.network_mode;
  return wish.model.ports.empty() && (mode.empty() || mode == "none") && wish.shares.empty() &&
         wish.model.pre_start.empty() && !has_fixed_place(wish, desired) &&
         !is_shared_by_others(wish.name, desired);
}

/// Of a run; see RestartPolicy, where it makes up for all failures before it.
constexpr auto long_life = std::chrono::seconds(10);

/// It ends again and again: what it does until its next end is of no use to anybody.
bool keeps_failing(const ObservedContainer& container, supervisor::TimePoint now) {
  const supervisor::ContainerStatus& status = container.status;
  if (status.phase == supervisor::Phase::restarting) return true;
  const bool is_healthy = status.health == supervisor::Health::healthy;
  return status.restarts > 1 && !is_healthy && now - status.started < long_life;
}

class Chooser {
 public:
  Chooser(const DesiredState& desired, const ObservedState& observed, const Changes& changes)
      : desired_(desired), observed_(observed), changes_(changes) {
    for (const auto& [name, container] : observed.containers)
      if (!container.config.place.empty()) aside_[container.config.place] = name;
  }

  std::map<std::string, Replacement> choose() const {
    std::map<std::string, Replacement> chosen;
    for (const auto& [name, wish] : desired_.containers) {
      const auto old = aside_.find(name);
      if (old != aside_.end() && continues(name)) {
        chosen.emplace(name, continued(wish, old->second));
      } else if (changes_.containers.at(name).verdict == Verdict::recreate) {
        chosen.emplace(name, fresh(wish));
      }
    }
    return chosen;
  }

 private:
  /// The successor of the one that is aside has yet to prove itself.
  bool continues(const std::string& name) const {
    const Verdict verdict = changes_.containers.at(name).verdict;
    if (verdict == Verdict::create || verdict == Verdict::start) return true;
    return verdict == Verdict::recreate && !is_running(observed_.containers.at(name));
  }

  Replacement continued(const DesiredContainer& wish, const std::string& aside) const {
    const ObservedContainer& old = observed_.containers.at(aside);
    Replacement replacement{
        Manner::stop_first, aside, aside, supervisor::name_of_its_own(old.config), true, true};
    replacement.supplanted_by = supplanters(old, wish.name, desired_, observed_, changes_);
    if (is_running(old) && keeps_addresses(old) && can_stay_beside(old, wish, replacement))
      replacement.manner = Manner::start_first;
    return replacement;
  }

  bool keeps_addresses(const ObservedContainer& old) const {
    return std::ranges::all_of(old.config.endpoints, [&](const auto& endpoint) {
      const auto network = observed_.networks.find(endpoint.network);
      return network != observed_.networks.end() &&
             network->second.leases.contains(old.config.name);
    });
  }

  Replacement fresh(const DesiredContainer& wish) const {
    const ObservedContainer& old = predecessor_of(wish.name);
    const std::string own_name = supervisor::name_of_its_own(old.config);
    Replacement replacement{Manner::stop_first, old.config.name,
                            supervisor::aside_name(old.config.id, own_name), own_name};
    const bool is_to_run = is_running(old) || !old.config.place.empty();
    replacement.was_failing = is_running(old) && keeps_failing(old, observed_.seen);
    replacement.was_running = is_to_run && !replacement.was_failing;
    replacement.supplanted_by = supplanters(old, wish.name, desired_, observed_, changes_);
    // Who prepares others runs once, and what failed to is no good to anybody.
    if (!wish.step.empty())
      replacement.manner = Manner::remove_first;
    else if (replacement.was_running && old.config.place.empty() &&
             can_stay_beside(old, wish, replacement))
      replacement.manner = Manner::start_first;
    return replacement;
  }

  const ObservedContainer& predecessor_of(const std::string& name) const {
    const std::string& before = changes_.containers.at(name).predecessor;
    return observed_.containers.at(before.empty() ? name : before);
  }

  bool can_stay_beside(const ObservedContainer& old, const DesiredContainer& wish,
                       const Replacement& replacement) const {
    return replacement.supplanted_by.empty() && !replaced_network_of(old, changes_) &&
           !is_in_full_network(wish) && can_run_beside(wish, desired_);
  }

  /// Its successor has no other address than the one before it.
  bool is_in_full_network(const DesiredContainer& wish) const {
    return std::ranges::any_of(wish.network_names, [this](const auto& each) {
      return changes_.full_networks.contains(each.second);
    });
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  const Changes& changes_;
  std::map<std::string, std::string> aside_;  ///< place -> name
};

}  // namespace

std::map<std::string, Replacement> choose_replacements(const DesiredState& desired,
                                                       const ObservedState& observed,
                                                       const Changes& changes) {
  return Chooser(desired, observed, changes).choose();
}

std::set<std::string> bound_to(const std::string& name,
                               const std::map<std::string, Replacement>& replacements,
                               const std::map<std::string, StepId>& started) {
  std::set<std::string> bound{name};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [place, replacement] : replacements) {
      for (const std::string& other : replacement.supplanted_by) {
        if (!started.contains(other) || bound.contains(place) == bound.contains(other)) continue;
        bound.insert({place, other});
        grown = true;
      }
    }
  }
  return bound;
}

std::set<std::string> forgotten(const ObservedState& observed, const Changes& changes,
                                const std::map<std::string, Replacement>& replacements) {
  std::set<std::string> names;
  for (const auto& [name, container] : observed.containers) {
    const auto change = changes.containers.find(name);
    if (change == changes.containers.end() || change->second.verdict != Verdict::superseded)
      continue;
    const auto successor = replacements.find(container.config.place);
    if (successor == replacements.end() || successor->second.aside != name ||
        successor->second.manner == Manner::remove_first)
      names.insert(name);
  }
  return names;
}

}  // namespace stack::orchestrator
