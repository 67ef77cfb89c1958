// SPDX-License-Identifier: Apache-2.0
// `stack wait`: until containers have ended.
#include <iostream>
#include <map>

#include "base/error.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/lasting_client.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

std::vector<ObservedContainer> awaited_containers(const std::string& project,
                                                  const Options& options) {
  auto containers = supervisor::read_containers(HostPaths::from_environment(), project,
                                                supervisor::ConfigParts::summary);
  const auto services = services_of(options);
  std::erase_if(containers, [&](const auto& each) {
    return !is_up(each.status.phase) || !services.contains(each.config.service) ||
           !each.config.step.empty();
  });
  return containers;
}

/// How a run ended that the kernel tells nothing of any more.
constexpr int unknown_end = static_cast<int>(ExitCode::runtime_error);

void tell(const std::string& id, int code) {
  std::cout << fmt::format("container \"{}\" exited with status code {}\n", id, code) << std::flush;
}

/// Waits for all of them, telling each end; the code of the last one. Nothing after Ctrl-C.
std::optional<int> await_ends(const std::string& project,
                              const std::vector<ObservedContainer>& containers) {
  LastingClient client(project);
  std::map<std::uint64_t, std::string> waiting;  // request -> id
  for (const auto& each : containers) {
    const std::string& id = each.config.id;
    waiting[client.send(supervisor::Await{id, supervisor::AwaitedCondition::ended})] = id;
  }
  int code = 0;
  while (!waiting.empty()) {
    const auto reply = client.await();
    if (!reply) return std::nullopt;
    code = reply->exit_code.value_or(unknown_end);
    tell(waiting.at(reply->id), code);
    waiting.erase(reply->id);
  }
  return code;
}

int take_down(const std::string& project, const Options& options) {
  orchestrator::DownPolicy policy;
  policy.orphans = orchestrator::Orphans::remove;
  const auto progress = make_progress(options);
  orchestrator::Host host = interruptible_host(*progress, options);
  return conclude(orchestrator::down(project, nullptr, policy, host).execution);
}

}  // namespace

int run_wait(const Options& options) {
  const std::string project = project_to_show(options);
  check_services(project, options);
  const auto containers = awaited_containers(project, options);
  if (containers.empty()) fail("no containers for project \"{}\"", project);
  count_interrupts();
  const std::optional<int> code = await_ends(project, containers);
  if (!code) return static_cast<int>(ExitCode::interrupted);
  if (!options.down_project) return *code;
  const int down = take_down(project, options);
  return down != 0 ? down : *code;
}

}  // namespace stack::cli
