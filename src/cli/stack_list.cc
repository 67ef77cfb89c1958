// SPDX-License-Identifier: Apache-2.0
// `stack ls` and `stack volumes`.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/labels.h"
#include "cli/name_filter.h"
#include "cli/project.h"
#include "cli/stack_view.h"
#include "orchestrator/host_volumes.h"
#include "orchestrator/project_home.h"

namespace stack::cli {
namespace {

std::vector<StackSummary> all_stacks(const HostPaths& paths) {
  std::vector<StackSummary> stacks;
  for (const std::string& name : supervisor::list_projects(paths)) {
    if (!is_stack(name)) continue;
    StackSummary& stack = stacks.emplace_back();
    stack.name = name;
    for (const auto& file : orchestrator::project_files(name, paths))
      stack.files.push_back(file.native());
    for (const auto& each :
         supervisor::read_containers(paths, name, supervisor::ConfigParts::summary))
      ++stack.states[state_text(each)];
  }
  return stacks;
}

/// docker compose has one: name=TEXT.
constexpr std::string_view name_filter = "name=";

void check(const std::vector<std::string>& filters) {
  for (const auto& filter : filters) {
    if (filter.starts_with(name_filter)) continue;
    throw Error(fmt::format("invalid filter \"{}\": name=TEXT", printable(filter)))
        .with_exit_code(ExitCode::usage);
  }
}

bool passes(const StackSummary& stack, const std::vector<std::string>& filters) {
  return passes_filters(
      filters, [&](const FilterText& filter) { return is_name_wanted(filter.value, stack.name); });
}

Fields row_of(const StackSummary& stack) {
  return {{"Name", stack.name}, {"Status", status_of(stack)}, {"ConfigFiles", files_of(stack)}};
}

const Fields& stack_headings() {
  static const Fields all{{"Name", "NAME"}, {"Status", "STATUS"}, {"ConfigFiles", "CONFIG FILES"}};
  return all;
}

/// One list, as docker compose has it.
std::string json_list(const std::vector<Fields>& rows) {
  std::string text = "[";
  for (const Fields& row : rows) text += (text.size() == 1 ? "" : ",") + json_of(row);
  return text + "]\n";
}

/// What docker says of a volume when it is only listed.
constexpr const char* unknown = "N/A";

Fields row_of(const volumes::VolumeInfo& volume) {
  return {{"Availability", unknown}, {"Driver", "local"},
          {"Group", unknown},        {"Labels", labels_text(volume.labels)},
          {"Links", unknown},        {"Mountpoint", volume.data.native()},
          {"Name", volume.name},     {"Scope", "local"},
          {"Size", unknown},         {"Status", unknown}};
}

const Fields& volume_headings() {
  static const Fields all{{"Driver", "DRIVER"},
                          {"Labels", "LABELS"},
                          {"Mountpoint", "MOUNTPOINT"},
                          {"Name", "VOLUME NAME"},
                          {"Scope", "SCOPE"}};
  return all;
}

/// Volumes that containers of these services have.
std::set<std::string> volumes_of(const std::string& project,
                                 const std::vector<std::string>& services) {
  const HostPaths paths = HostPaths::from_environment();
  const auto containers = supervisor::read_containers(paths, project);
  std::set<std::string> names;
  for (const auto& [volume, users] : orchestrator::volume_users(paths)) {
    for (const auto& each : containers) {
      const bool is_asked_for = std::ranges::find(services, each.config.service) != services.end();
      if (is_asked_for && std::ranges::find(users, each.config.name) != users.end())
        names.insert(volume);
    }
  }
  return names;
}

}  // namespace

int run_stack_list(const Options& options) {
  check(options.filters);
  std::vector<Fields> rows;
  for (StackSummary& stack : all_stacks(HostPaths::from_environment())) {
    if ((!options.all && !is_alive(stack)) || !passes(stack, options.filters)) continue;
    if (!options.all) leave_out_the_dead(stack);
    rows.push_back(row_of(stack));
  }
  if (!options.quiet && options.format == "json") {
    std::cout << json_list(rows);
  } else {
    const std::string format = options.quiet ? "{{.Name}}" : options.format;
    std::cout << format_rows(format, stack_headings(), {"Name", "Status", "ConfigFiles"}, rows);
  }
  return 0;
}

int run_project_volumes(const Options& options) {
  const std::string project = project_name(options);
  const volumes::VolumeStore store(HostPaths::from_environment().volumes());
  std::optional<std::set<std::string>> wanted;
  check_services(project, options);
  if (!options.arguments.empty()) wanted = volumes_of(project, options.arguments);
  std::vector<Fields> rows;
  for (const auto& volume : store.list({{"com.docker.compose.project", project}}))
    if (!volume.labels.contains("com.docker.volume.anonymous") &&
        (!wanted || wanted->contains(volume.name)))
      rows.push_back(row_of(volume));
  const std::string format = options.quiet ? "{{.Name}}" : options.format;
  std::cout << format_rows(format, volume_headings(), {"Driver", "Name"}, rows);
  return 0;
}

}  // namespace stack::cli
