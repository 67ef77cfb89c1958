// SPDX-License-Identifier: Apache-2.0
#include "cli/volume_view.h"

#include <nlohmann/json.hpp>

#include "cli/container_view.h"
#include "orchestrator/one_off.h"

namespace stack::cli {

namespace {

nlohmann::ordered_json map_or_null(const std::map<std::string, std::string>& map) {
  return map.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(map);
}

}  // namespace

std::map<std::string, std::string> told_labels(const volumes::VolumeInfo& volume) {
  constexpr const char* project_label = "com.docker.compose.project";
  auto labels = volume.labels;
  const auto project = labels.find(project_label);
  if (project == labels.end()) return labels;
  const bool is_of_no_stack = project->second == orchestrator::lone_containers_project;
  if (is_of_no_stack) labels.erase("com.docker.compose.volume");
  if (is_of_no_stack || labels.contains("com.docker.volume.anonymous")) labels.erase(project_label);
  return labels;
}

nlohmann::ordered_json volume_json(const volumes::VolumeInfo& volume,
                                   const std::map<std::string, std::vector<std::string>>& users) {
  const auto user = users.find(volume.name);
  return {{"CreatedAt", calendar_text(volume.created, "%Y-%m-%dT%H:%M:%SZ")},
          {"Driver", "local"},
          {"Labels", map_or_null(told_labels(volume))},
          {"Mountpoint", volume.data.native()},
          {"Name", volume.name},
          {"Options", map_or_null(volume.options)},
          {"Scope", "local"},
          {"UsedBy", user == users.end() ? std::vector<std::string>{} : user->second}};
}

}  // namespace stack::cli
