// SPDX-License-Identifier: Apache-2.0
#include "cli/chosen_container.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/no_such_service.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;

/// Nothing: any will do.
std::optional<int> wanted_index(const Options& options) {
  if (options.index.empty() || options.index == "0") return std::nullopt;
  const auto index = parse_integer<int>(options.index);
  if (!index || *index < 0) throw Error("--index takes a number").with_exit_code(ExitCode::usage);
  return index;
}

void check_not_paused(const ObservedContainer& container) {
  if (container.status.phase != Phase::paused) return;
  throw Error(fmt::format("container {} is paused", container.config.name))
      .with_hint(fmt::format("`stack unpause {}` lets it go on", container.config.service));
}

/// One of `run` has no number, and is none of `pre_start`.
bool may_be_meant(const ObservedContainer& container, std::optional<int> index) {
  if (supervisor::is_one_off(container.config)) return !index;
  return container.config.step.empty() && (!index || container.config.number == *index);
}

/// As docker compose: those of `run` come last.
std::pair<bool, int> rank_of(const ObservedContainer& container) {
  return {supervisor::is_one_off(container.config), container.config.number};
}

[[noreturn]] void fail_without(const std::string& service, std::optional<int> index,
                               const std::vector<std::string>& services) {
  if (index) fail("service \"{}\" is not running container #{}", service, *index);
  const std::string message = fmt::format("service \"{}\" is not running", printable(service));
  if (std::ranges::find(services, service) != services.end()) throw Error(message);
  throw orchestrator::NoSuchService(message, service, services);
}

}  // namespace

ObservedContainer chosen_container(const std::string& project, const Options& options) {
  const std::string& service = options.arguments.front();
  const std::optional<int> index = wanted_index(options);
  std::vector<std::string> services;
  std::optional<ObservedContainer> chosen;
  for (auto& container : supervisor::read_containers(HostPaths::from_environment(), project)) {
    services.push_back(container.config.service);
    const bool is_meant = options.container.empty() ? container.config.service == service &&
                                                          may_be_meant(container, index)
                                                    : container.config.id == options.container;
    const bool fits = is_meant && container.status.process.pid != 0;
    if (fits && (!chosen || rank_of(container) < rank_of(*chosen))) chosen = std::move(container);
  }
  if (!chosen) fail_without(service, index, services);
  return std::move(*chosen);
}

ObservedContainer running_container(const std::string& project, const Options& options) {
  auto chosen = chosen_container(project, options);
  check_not_paused(chosen);
  return chosen;
}

}  // namespace stack::cli
