// SPDX-License-Identifier: Apache-2.0
// From a wish to what the supervisor needs: the last step before the kernel in which compose is
// known. Pure; directories of images and volumes come in as text.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "orchestrator/desired.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// Where things of this host are.
struct Places {
  /// Of the container's image, uppermost first, and what lies below every image.
  std::vector<std::filesystem::path> image_layers;
  /// Host directory of a volume; throws when it does not have the path inside.
  std::function<std::filesystem::path(const std::string& volume, const std::string& subpath)>
      volume;
  /// Layers of an image by its id, uppermost first.
  std::function<std::vector<std::filesystem::path>(const std::string& id)> layers_of = {};
  /// What it is called unless it says so itself: see inherited_hostname(). Empty: as its id.
  std::string hostname = {};
};

/// `id`: of the new container. Throws Error when the wish cannot be run ("no command specified").
supervisor::ContainerConfig lower(const DesiredContainer& wish, const std::string& project,
                                  const std::string& id, const Places& places);
supervisor::RestartRule restart_of(const spec::Service& model);
/// Gives a container's configuration what may change while it exists (replace_changeable()) as the
/// wish has it.
void lower_changeable(const DesiredContainer& wish, supervisor::ContainerConfig& config);
/// Throws Error for what is wrong with it: preflight has told all of that by then.
supervisor::NetworkConfig lower(const DesiredNetwork& wish);

}  // namespace stack::orchestrator
