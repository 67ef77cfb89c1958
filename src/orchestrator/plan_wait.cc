// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/diff.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/readiness.h"

namespace stack::orchestrator {
namespace {

/// Services whose end is what others wait for.
std::set<std::string> jobs_of(const DesiredState& desired) {
  std::set<std::string> jobs;
  for (const auto& [name, wish] : desired.containers)
    for (const auto& [service, how] : wish.model.depends_on)
      if (how.condition == spec::Condition::service_completed_successfully) jobs.insert(service);
  return jobs;
}

}  // namespace

Plan plan_wait(const DesiredState& desired) {
  const std::set<std::string> jobs = jobs_of(desired);
  PlanBuilder builder;
  for (const auto& [name, wish] : desired.containers) {
    if (!wish.step.empty() || has_nothing_to_run(wish)) continue;
    if (jobs.contains(wish.service)) {
      builder.add(AwaitCondition{name, spec::Condition::service_completed_successfully},
                  "others wait for its end", {});
    } else if (tells_health(wish)) {
      builder.add(AwaitCondition{name, spec::Condition::service_healthy}, "asked for", {});
    } else if (!wish.holds_volumes_for_others || is_server(wish)) {
      builder.add(AwaitCondition{name, spec::Condition::service_started}, "asked for", {});
    }
  }
  return builder.take();
}

}  // namespace stack::orchestrator
