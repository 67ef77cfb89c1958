// SPDX-License-Identifier: Apache-2.0
// `stack container update`: other limits and another restart policy, while it runs.
#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/command_table.h"
#include "cli/container_project.h"
#include "cli/found_container.h"
#include "cli/signals.h"
#include "orchestrator/lower.h"
#include "orchestrator/lower_limits.h"
#include "orchestrator/one_off.h"
#include "runtime/host_check.h"
#include "supervisor/client.h"

namespace stack::cli {
namespace {

/// What the flags say, by the same code as for a new container. Memory and swap together are
/// about the memory that it has, when no other is told.
spec::Service told(const Options& options, const runtime::ResourceSpec& now) {
  Options about = options;
  about.arguments = {"image"};  // a service has one; nobody looks for it
  if (about.memory.empty() && !about.memory_swap.empty() && now.memory_limit)
    about.memory = fmt::format("{}", *now.memory_limit);
  return container_project(about, "update", {}).services.at("update");
}

template <typename Value>
void take(std::optional<Value>& now, const std::optional<Value>& wanted) {
  if (wanted) now = wanted;
}

/// Processors, or a time in a period: what was told in the other words is no more.
void take_processors(runtime::ResourceSpec& now, const runtime::ResourceSpec& wanted) {
  if (wanted.cpus) {
    now.cpu_period.reset();
    now.cpu_quota.reset();
  }
  if (wanted.cpu_period || wanted.cpu_quota) now.cpus.reset();
  take(now.cpus, wanted.cpus);
  take(now.cpu_period, wanted.cpu_period);
  take(now.cpu_quota, wanted.cpu_quota);
}

void check_swap(const runtime::ResourceSpec& limits) {
  const bool too_little = limits.memory_swap && *limits.memory_swap >= 0 && limits.memory_limit &&
                          static_cast<std::uint64_t>(*limits.memory_swap) < *limits.memory_limit;
  if (too_little)
    throw Error(
        "Memory limit should be smaller than already set memoryswap limit, update the memoryswap "
        "at the same time")
        .with_hint("--memory-swap, or -1 for no limit");
}

void take_limits(runtime::ResourceSpec& now, const runtime::ResourceSpec& wanted) {
  take(now.memory_limit, wanted.memory_limit);
  take(now.memory_reservation, wanted.memory_reservation);
  take(now.memory_swap, wanted.memory_swap);
  take_processors(now, wanted);
  take(now.cpu_shares, wanted.cpu_shares);
  take(now.cpu_rt_period, wanted.cpu_rt_period);
  take(now.cpu_rt_runtime, wanted.cpu_rt_runtime);
  take(now.pids_limit, wanted.pids_limit);
  take(now.block.weight, wanted.block.weight);
  if (!wanted.cpuset.empty()) now.cpuset = wanted.cpuset;
  check_swap(now);
}

/// What the kernel would refuse, in words.
void check_machine(const supervisor::ContainerConfig& config) {
  for (const runtime::Unmet& each : runtime::unmet(config.spec, runtime::host_abilities()))
    if (each.severity == runtime::Severity::error)
      throw Error(fmt::format("{}: {}", config.name, each.sentence)).with_hint(each.cure);
}

void check_any_given(const Options& options) {
  const Command* const command = find_command("container update");
  const auto given = [&](const Flag& flag) { return is_given(options, flag); };
  if (std::ranges::none_of(command->flags, given))
    throw Error("you must provide one or more flags when using this command");
}

void update_one(const FoundContainer& found, const Options& options) {
  if (found.project != orchestrator::lone_containers_project)
    throw Error(fmt::format("{} is of stack {}, whose limits stand in its file",
                            found.container.config.name, found.project))
        .with_hint("change them there: `stack up` changes them while it runs");
  supervisor::ContainerConfig config = found.container.config;
  const spec::Service wanted = told(options, config.spec.resources);
  take_limits(config.spec.resources, orchestrator::resources_of(wanted));
  check_machine(config);
  if (!options.restart.empty()) {
    if (config.by_hand && config.by_hand->removed_at_end && options.restart != "no")
      throw Error("conflicting options: it was made with --rm, and is not restarted");
    config.restart = orchestrator::restart_of(wanted);
  }
  auto client = supervisor::Client::connect_or_start(HostPaths::from_environment(), found.project);
  client.call(supervisor::UpdateContainer{std::move(config)});
}

}  // namespace

int run_container_update(const Options& options) {
  count_interrupts();
  check_any_given(options);
  return each_of(options.arguments, [&](const std::string& name) {
    update_one(find_container(name), options);
    std::cout << name << '\n';
  });
}

}  // namespace stack::cli
