// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/project.h"
#include "cli/table.h"
#include "orchestrator/diff.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;

bool is_shown(const ObservedContainer& container, const Options& options) {
  const auto& wanted = options.arguments;
  if (!wanted.empty() && std::ranges::find(wanted, container.config.service) == wanted.end())
    return false;
  if (supervisor::is_one_off(container.config)) return options.all;
  const bool stopped =
      container.status.phase == Phase::exited || container.status.phase == Phase::created;
  return options.all || !stopped || orchestrator::is_data_container(container);
}

Row row(const ObservedContainer& container, const Options& options, TimePoint now) {
  return {container.config.name,
          image_text(container),
          command_text(container, options.no_trunc),
          container.config.service,
          ago_text(container.status.created, now),
          status_text(container, now),
          ports_text(container)};
}

void print(const std::vector<ObservedContainer>& shown, const std::string& project,
           const Options& options) {
  const TimePoint now = std::chrono::system_clock::now();
  if (options.format == "json") {
    for (const auto& each : shown) std::cout << ps_json(each, project, now).dump() << '\n';
    return;
  }
  std::vector<Row> rows;
  for (const auto& each : shown) rows.push_back(row(each, options, now));
  std::cout << table({"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}, rows);
}

}  // namespace

int run_ps(const Options& options) {
  if (!options.format.empty() && options.format != "json" && options.format != "table") {
    throw Error(fmt::format("--format {} is not supported yet: json or table", options.format))
        .with_exit_code(ExitCode::usage);
  }
  const std::string project = project_name(options);
  auto containers = supervisor::read_containers(HostPaths::from_environment(), project);
  check_services_exist(containers, options.arguments);
  std::erase_if(containers, [&](const auto& each) { return !is_shown(each, options); });
  if (options.quiet) {
    for (const auto& each : containers) std::cout << each.config.id << '\n';
  } else if (options.services) {
    std::set<std::string> services;
    for (const auto& each : containers) services.insert(each.config.service);
    for (const auto& service : services) std::cout << service << '\n';
  } else {
    print(containers, project, options);
  }
  return 0;
}

}  // namespace stack::cli
