// SPDX-License-Identifier: Apache-2.0
// `stack rm`.
#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/ids.h"
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

using supervisor::ObservedContainer;

/// What was typed: services, and containers by name or id, as `ps -q` prints them.
struct Meant {
  Options about_services;
  std::set<std::string> ids;
};

Meant meant_by(const Options& options, const std::vector<ObservedContainer>& containers) {
  Meant meant{options, {}};
  meant.about_services.arguments.clear();
  for (const auto& word : options.arguments) {
    const auto named = std::ranges::find_if(containers, [&](const ObservedContainer& each) {
      return each.config.name == word ||
             (word.size() >= short_id_length && each.config.id.starts_with(word));
    });
    if (named == containers.end()) {
      meant.about_services.arguments.push_back(word);
    } else {
      meant.ids.insert(named->config.id);
    }
  }
  return meant;
}

/// Containers that were asked for (of `services`; empty: all), and may go. Those of `run` are for
/// `down --remove-orphans`, unless they are named.
std::set<std::string> leaving(const std::vector<ObservedContainer>& containers, const Meant& meant,
                              const std::set<std::string>& services, const Options& options) {
  std::set<std::string> names;
  for (const ObservedContainer& each : containers) {
    const auto& config = each.config;
    const bool is_of_them =
        services.empty() ? options.arguments.empty() : services.contains(config.service);
    const bool is_meant =
        meant.ids.contains(config.id) || (is_of_them && !supervisor::is_one_off(config));
    const bool may_go = options.stop_first || !supervisor::is_up(each.status.phase);
    if (is_meant && may_go) names.insert(config.name);
  }
  return names;
}

bool is_wanted(const std::set<std::string>& names, const Options& options) {
  std::cout << fmt::format("Going to remove {}\n", fmt::join(names, ", ")) << std::flush;
  if (options.force || options.dry_run) return true;
  std::cerr << "Are you sure? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  if (!std::cin) std::cerr << '\n';
  return is_yes(answer);
}

}  // namespace

int run_remove(const Options& options) {
  const std::string name = project_to_change(options);
  const auto containers = supervisor::read_containers(HostPaths::from_environment(), name,
                                                      supervisor::ConfigParts::summary);
  const Meant meant = meant_by(options, containers);
  const Target target = target_of(meant.about_services);
  const bool only_containers = meant.about_services.arguments.empty() && !meant.ids.empty();
  const auto services = only_containers ? std::set<std::string>{} : target.services;
  const auto names =
      target.is_nobody ? std::set<std::string>{} : leaving(containers, meant, services, options);
  if (names.empty()) {
    std::cerr << "No stopped containers\n";
    return 0;
  }
  if (!is_wanted(names, options)) return 0;
  count_interrupts();
  const auto progress = make_progress(options);
  orchestrator::Host host = interruptible_host(*progress, options);
  orchestrator::RemoveRequest request;
  request.containers = names;
  request.stops = options.stop_first;
  request.volumes = options.volumes;
  return conclude(orchestrator::remove(name, request, host));
}

}  // namespace stack::cli
