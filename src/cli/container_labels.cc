// SPDX-License-Identifier: Apache-2.0
#include "cli/container_labels.h"

#include "base/format.h"
#include "base/text.h"
#include "orchestrator/one_off.h"
#include "orchestrator/project_home.h"

namespace stack::cli {

Labels project_labels(const std::string& project, const HostPaths& paths) {
  if (project == orchestrator::lone_containers_project) return {};
  Labels labels{{"com.docker.compose.project", project}};
  if (const auto home = orchestrator::project_home(project, paths))
    labels["com.docker.compose.project.working_dir"] = home->native();
  std::vector<std::string> files;
  for (const auto& file : orchestrator::project_files(project, paths))
    files.push_back(file.native());
  if (!files.empty()) labels["com.docker.compose.project.config_files"] = join(files, ",");
  return labels;
}

Labels container_labels(const supervisor::ObservedContainer& container, const Labels& of_project) {
  const auto& config = container.config;
  Labels labels = config.attributes;
  labels.erase("image");
  labels.erase("name");
  if (of_project.empty()) return labels;
  for (const auto& [name, value] : of_project) labels[name] = value;
  const bool is_one_off = supervisor::is_one_off(config);
  labels["com.docker.compose.service"] = config.service;
  labels["com.docker.compose.depends_on"] = config.wording.depends_on;
  // Of whoever made it, which is not docker compose.
  labels["com.docker.compose.version"] = STACK_VERSION;
  labels["com.docker.compose.oneoff"] = is_one_off ? "True" : "False";
  if (is_one_off)
    labels["com.docker.compose.slug"] = config.step.substr(4);  // behind "run-"
  else
    labels["com.docker.compose.container-number"] = fmt::format("{}", config.number);
  if (!is_one_off && !config.step.empty()) labels["com.docker.compose.hook"] = "pre_start";
  return labels;
}

Labels LabelsOfContainers::of(const FoundContainer& found) {
  auto project = projects_.find(found.project);
  if (project == projects_.end())
    project =
        projects_
            .emplace(found.project, project_labels(found.project, HostPaths::from_environment()))
            .first;
  return container_labels(found.container, project->second);
}

}  // namespace stack::cli
