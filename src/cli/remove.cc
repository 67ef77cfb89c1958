// SPDX-License-Identifier: Apache-2.0
// `stack rm`.
#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "orchestrator/use_cases.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

/// Containers that were asked for, and may go. Those of `run` are for `down --remove-orphans`.
std::set<std::string> leaving(const std::string& project, const Options& options) {
  std::set<std::string> names;
  const auto services = services_of(options);
  for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), project,
                                                      supervisor::ConfigParts::summary)) {
    const bool is_meant = services.empty() || services.contains(each.config.service);
    const bool may_go = options.stop_first || !supervisor::is_up(each.status.phase);
    if (is_meant && may_go && !supervisor::is_one_off(each.config)) names.insert(each.config.name);
  }
  return names;
}

bool is_wanted(const std::set<std::string>& names, const Options& options) {
  if (options.force) return true;
  std::cerr << fmt::format("Going to remove {}\nAre you sure? [y/N] ", fmt::join(names, ", "));
  std::string answer;
  std::getline(std::cin, answer);
  if (!std::cin) std::cerr << '\n';
  return is_yes(answer);
}

}  // namespace

int run_remove(const Options& options) {
  const std::string name = project_name(options);
  check_services(name, options);
  const auto names = leaving(name, options);
  if (names.empty()) {
    std::cerr << "No stopped containers\n";
    return 0;
  }
  if (!is_wanted(names, options)) return 0;
  count_interrupts();
  const auto progress = make_progress(options);
  orchestrator::Host host = interruptible_host(*progress);
  orchestrator::RemoveRequest request;
  request.containers = names;
  request.stops = options.stop_first;
  request.volumes = options.volumes;
  return conclude(orchestrator::remove(name, request, host));
}

}  // namespace stack::cli
