// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/restarts.h"

#include <algorithm>

#include "base/format.h"
#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;

class RestartFinder {
 public:
  RestartFinder(const DesiredState& desired, const ObservedState& observed, Changes& changes)
      : desired_(desired), observed_(observed), changes_(changes) {}

  /// Repeats until nothing is added, because restarts spread.
  void find() {
    let_runs_go();
    for (auto& [name, change] : changes_.containers) note(name, change, own_reason(name, change));
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& [name, wish] : desired_.containers) {
        ContainerChange& change = changes_.containers.at(name);
        grown |= note(name, change, reason_of_others(wish));
      }
    }
  }

 private:
  /// What was run by hand in a network that is made anew: to start it again would be another run.
  void let_runs_go() {
    for (auto& [name, change] : changes_.containers) {
      const auto is = observed_.containers.find(name);
      if (desired_.containers.contains(name) || is == observed_.containers.end() ||
          !supervisor::is_one_off(is->second.config) || !is_running(is->second))
        continue;
      if (const auto network = replaced_network_of(is->second, changes_))
        change = {Verdict::remove, {}, fmt::format("network {} is replaced", *network)};
    }
  }

  /// True when that is news. What is made anew or goes begins anew in any case.
  bool note(const std::string& name, ContainerChange& change, const std::string& why) {
    if (why.empty() || !change.restarts.empty() || !goes_on(name, change)) return false;
    change.restarts = why;
    if (change.verdict == Verdict::keep || change.verdict == Verdict::start) {
      change.verdict = Verdict::restart;
      change.because = why;
    }
    return true;
  }

  bool goes_on(const std::string& name, const ContainerChange& change) const {
    const auto is = observed_.containers.find(name);
    const bool stays = change.verdict == Verdict::keep || change.verdict == Verdict::update ||
                       change.verdict == Verdict::orphan || is_for_hooks(name, change);
    return stays && is != observed_.containers.end() && is_running(is->second);
  }

  /// What runs is started for its hooks alone.
  bool is_for_hooks(const std::string& name, const ContainerChange& change) const {
    const auto is = observed_.containers.find(name);
    return change.verdict == Verdict::start && is != observed_.containers.end() &&
           is_running(is->second) && is->second.status.hooks_due;
  }

  std::string own_reason(const std::string& name, const ContainerChange& change) const {
    const auto is = observed_.containers.find(name);
    if (is == observed_.containers.end()) return "";
    if (const auto network = replaced_network_of(is->second, changes_))
      return fmt::format("network {} is replaced", *network);
    const auto wish = desired_.containers.find(name);
    if (wish == desired_.containers.end()) return "";
    const bool by_restart = wish->second.model.on_change.kind == spec::OnChange::Kind::restart;
    return change.other_texts && by_restart ? "x-stack.on_change: restart" : "";
  }

  std::string reason_of_others(const DesiredContainer& wish) const {
    for (const auto& [kind, host] : wish.shares)
      if (const std::string why = reason_of_host(wish.name, host); !why.empty()) return why;
    for (const auto& [service, how] : wish.model.depends_on)
      if (const std::string why = how.restart ? fate_of(service) : ""; !why.empty()) return why;
    return "";
  }

  /// Namespaces end with whose they are: who shares them is left in dead ones.
  std::string reason_of_host(const std::string& name, const std::string& host) const {
    const auto change = changes_.containers.find(host);
    if (change != changes_.containers.end() && begins_anew(host, change->second))
      return host + " begins anew";
    const auto is = observed_.containers.find(name);
    const auto other = observed_.containers.find(host);
    if (is == observed_.containers.end() || other == observed_.containers.end()) return "";
    const auto known = is->second.status.hosts.find(host);
    const ProcessIdentity& process = other->second.status.process;
    const bool is_another =
        known != is->second.status.hosts.end() && process.pid != 0 && known->second != process;
    return is_another ? host + " was started anew" : "";
  }

  bool begins_anew(const std::string& name, const ContainerChange& change) const {
    return change.verdict == Verdict::create || change.verdict == Verdict::recreate ||
           (change.verdict == Verdict::start && !is_for_hooks(name, change)) ||
           !change.restarts.empty();
  }

  /// "db is replaced", "db is restarted", or nothing of the kind.
  std::string fate_of(const std::string& service) const {
    bool restarts = false;
    for (const auto& [name, wish] : desired_.containers) {
      if (wish.service != service || !wish.step.empty()) continue;
      const ContainerChange& change = changes_.containers.at(name);
      if (change.verdict == Verdict::recreate) return service + " is replaced";
      restarts = restarts || !change.restarts.empty();
    }
    return restarts ? service + " is restarted" : "";
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  Changes& changes_;
};

}  // namespace

std::optional<std::string> replaced_network_of(const ObservedContainer& container,
                                               const Changes& changes) {
  for (const auto& endpoint : container.config.endpoints) {
    const auto network = changes.networks.find(endpoint.network);
    if (network != changes.networks.end() && network->second.verdict == Verdict::recreate)
      return endpoint.network;
  }
  return std::nullopt;
}

void add_restarts(const DesiredState& desired, const ObservedState& observed, Changes& changes) {
  RestartFinder(desired, observed, changes).find();
}

}  // namespace stack::orchestrator
