// SPDX-License-Identifier: Apache-2.0
// All that is known of a container, under docker's names. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "image/image_store.h"
#include "supervisor/status.h"

namespace stack::cli {

/// What is looked up elsewhere.
struct ContainerSurroundings {
  std::string project;
  const image::Image* image = nullptr;    ///< null: not there any more
  std::vector<std::string> exposed = {};  ///< "80/tcp"
  std::vector<network::NetworkSpec> networks = {};
};

nlohmann::json inspect_json(const supervisor::ObservedContainer& container,
                            const ContainerSurroundings& around);

}  // namespace stack::cli
