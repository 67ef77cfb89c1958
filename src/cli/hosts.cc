// SPDX-License-Identifier: Apache-2.0
// `stack hosts`: containers by name from this machine.
#include <algorithm>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/hosts_view.h"
#include "cli/project.h"
#include "cli/stack_view.h"
#include "supervisor/project_files.h"

namespace stack::cli {
namespace {

/// The machine does not reach what lies on one of its devices beside it.
std::set<std::string> unreachable_networks(const HostPaths& paths) {
  std::set<std::string> names;
  for (const std::string& project : supervisor::list_projects(paths))
    for (const auto& network : supervisor::read_networks(paths, project))
      if (network.config.spec.kind != network::NetworkKind::bridge)
        names.insert(network.config.spec.name);
  return names;
}

bool is_wanted(const std::string& service, const Options& options) {
  return options.arguments.empty() ||
         std::ranges::find(options.arguments, service) != options.arguments.end();
}

std::vector<HostsEntry> entries_of(const HostPaths& paths, const std::string& project,
                                   const std::set<std::string>& unreachable,
                                   const Options& options) {
  std::vector<HostsEntry> entries;
  for (const auto& each :
       supervisor::read_containers(paths, project, supervisor::ConfigParts::summary)) {
    if (!is_wanted(each.config.service, options)) continue;
    // What replicas have in common is said once.
    for (HostsEntry& entry : hosts_entries(project, each, unreachable))
      if (std::ranges::find(entries, entry) == entries.end()) entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> projects_to_show(const HostPaths& paths, const Options& options) {
  if (options.all) {
    auto all = supervisor::list_projects(paths);
    std::erase_if(all, [](const std::string& project) { return !is_stack(project); });
    return all;
  }
  const std::string project = project_to_show(options);
  check_services(project, options);
  return {project};
}

}  // namespace

int run_hosts(const Options& options) {
  if (!options.format.empty() && options.format != "json" && options.format != "hosts")
    throw Error(fmt::format("--format is hosts or json, not {}", stack::quoted(options.format)))
        .with_exit_code(ExitCode::usage);
  const HostPaths paths = HostPaths::from_environment();
  const auto projects = projects_to_show(paths, options);
  const auto unreachable = unreachable_networks(paths);
  std::vector<HostsEntry> entries;
  for (const std::string& project : projects)
    std::ranges::move(entries_of(paths, project, unreachable, options),
                      std::back_inserter(entries));
  std::cout << (options.format == "json" ? hosts_json(entries) : hosts_text(entries));
  return 0;
}

}  // namespace stack::cli
