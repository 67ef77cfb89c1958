// SPDX-License-Identifier: Apache-2.0
// `stack port`, `stack open`: where a port of a service is published.
#include <iostream>
#include <map>

#include "base/error.h"
#include "cli/change.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/port_view.h"
#include "cli/project.h"
#include "supervisor/project_files.h"

namespace stack::cli {

int run_open(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("open takes SERVICE and one PORT").with_exit_code(ExitCode::usage);
  std::optional<PrivatePort> wanted;
  if (options.arguments.size() == 2) wanted = parse_private_port(options.arguments[1], "");
  std::cout << address_to_open(chosen_container(project_to_show(options), options), wanted) << '\n';
  return 0;
}

namespace {

/// Of each service its first container that runs.
int print_variables(const Options& options) {
  const std::string project = project_to_show(options);
  check_services(project, options);
  std::map<std::string, supervisor::ObservedContainer> first;
  for (auto& each : supervisor::read_containers(HostPaths::from_environment(), project)) {
    const std::string& service = each.config.service;
    const bool wanted = options.arguments.empty() || options.arguments.front() == service;
    if (!wanted || !each.config.step.empty() || each.status.process.pid == 0) continue;
    const auto known = first.find(service);
    if (known == first.end() || each.config.number < known->second.config.number)
      first.insert_or_assign(service, std::move(each));
  }
  for (const auto& [service, container] : first) std::cout << published_variables(container);
  return 0;
}

}  // namespace

int run_port(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("port takes SERVICE and one PORT").with_exit_code(ExitCode::usage);
  if (options.as_variables) return print_variables(options);
  if (options.arguments.empty())
    throw Error("port needs SERVICE [PORT], or --env").with_exit_code(ExitCode::usage);
  const bool all = options.arguments.size() < 2;
  PrivatePort wanted;
  if (!all) wanted = parse_private_port(options.arguments[1], options.protocol);
  const auto container = chosen_container(project_to_show(options), options);
  if (all) {
    std::cout << all_published(container);
  } else {
    std::cout << published_address(container, wanted) << '\n';
  }
  return 0;
}

}  // namespace stack::cli
