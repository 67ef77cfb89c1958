// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/reruns.h"

#include <algorithm>

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;

class RerunFinder {
 public:
  RerunFinder(const DesiredState& desired, const ObservedState& observed, Changes& changes)
      : desired_(desired), observed_(observed), changes_(changes) {}

  /// Repeats until nothing is added: a job that runs once more is news to those after it.
  void find(Reruns reruns) {
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& [name, wish] : desired_.containers) {
        if (!is_kept_job(wish)) continue;
        const std::string why = reruns == Reruns::always ? "--rerun" : what_is_new_for(wish);
        if (why.empty()) continue;
        changes_.containers.at(name) = {Verdict::start, {}, why};
        grown = true;
      }
    }
  }

 private:
  bool is_kept_job(const DesiredContainer& wish) const {
    const auto is = observed_.containers.find(wish.name);
    return is != observed_.containers.end() && wish.step.empty() && is_completed(is->second) &&
           changes_.containers.at(wish.name).verdict == Verdict::keep &&
           !has_nothing_to_run(wish) && !is_data_container(is->second);
  }

  std::string what_is_new_for(const DesiredContainer& job) const {
    const auto& last_run = observed_.containers.at(job.name).status.started;
    for (const auto& [name, wish] : desired_.containers) {
      const bool counts = wish.number == 1 && wish.step.empty();
      if (!counts || !job.model.depends_on.contains(wish.service)) continue;
      if (is_new(wish, last_run)) return wish.service + " is new";
    }
    return "";
  }

  bool is_new(const DesiredContainer& wish, std::chrono::system_clock::time_point last_run) const {
    const Verdict verdict = changes_.containers.at(wish.name).verdict;
    if (verdict == Verdict::create || verdict == Verdict::recreate) return true;
    const auto is = observed_.containers.find(wish.name);
    if (is == observed_.containers.end()) return false;
    const supervisor::ContainerStatus& status = is->second.status;
    if (status.created > last_run) return true;
    return is_completed(is->second) && (verdict == Verdict::start || status.started > last_run);
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  Changes& changes_;
};

}  // namespace

void add_reruns(const DesiredState& desired, const ObservedState& observed, Reruns reruns,
                Changes& changes) {
  RerunFinder(desired, observed, changes).find(reruns);
}

}  // namespace stack::orchestrator
