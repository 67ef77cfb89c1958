// SPDX-License-Identifier: Apache-2.0
#include "cli/volume_view.h"

#include <nlohmann/json.hpp>

#include "cli/container_view.h"

namespace stack::cli {

namespace {

nlohmann::ordered_json map_or_null(const std::map<std::string, std::string>& map) {
  return map.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(map);
}

}  // namespace

nlohmann::ordered_json volume_json(const volumes::VolumeInfo& volume,
                                   const std::map<std::string, std::vector<std::string>>& users) {
  const auto user = users.find(volume.name);
  return {{"CreatedAt", calendar_text(volume.created, "%Y-%m-%dT%H:%M:%SZ")},
          {"Driver", "local"},
          {"Labels", map_or_null(volume.labels)},
          {"Mountpoint", volume.data.native()},
          {"Name", volume.name},
          {"Options", map_or_null(volume.options)},
          {"Scope", "local"},
          {"UsedBy", user == users.end() ? std::vector<std::string>{} : user->second}};
}

}  // namespace stack::cli
