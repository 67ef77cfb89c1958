// SPDX-License-Identifier: Apache-2.0
// All that is known of a container, under docker's names. Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/labels.h"
#include "image/image_store.h"
#include "orchestrator/host_networks.h"
#include "runtime/mount_plan.h"
#include "supervisor/health_log.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

namespace stack::cli {

/// What is looked up elsewhere.
struct ContainerSurroundings {
  Labels of_project;                      ///< as of project_labels()
  const image::Image* image = nullptr;    ///< null: not there any more
  std::vector<std::string> exposed = {};  ///< "80/tcp"
  std::vector<orchestrator::HostNetwork> networks = {};
  /// Names of its project's containers, by service.
  std::map<std::string, std::vector<std::string>> services = {};
  runtime::SystemPaths system_paths = {};
  supervisor::ProjectFiles files = {};  ///< of its project
  supervisor::HealthLog health_checks = {};
};

nlohmann::json inspect_json(const supervisor::ObservedContainer& container,
                            const ContainerSurroundings& around);

}  // namespace stack::cli
