// SPDX-License-Identifier: Apache-2.0
// The mounts of a container under docker's names: what was asked for, in the three ways in which
// docker is asked, and what there is. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "supervisor/status.h"

namespace stack::cli {

/// `wish` is what its file asked for, as of wish_of(); `of_image` are the places at which its image
/// wants volumes. What docker compose says by which of the three, it says here.
struct MountView {
  const supervisor::ObservedContainer& container;
  const nlohmann::json& wish;
  const std::vector<std::string>& of_image;

  nlohmann::json binds() const;    ///< HostConfig.Binds; null when there are none
  nlohmann::json entries() const;  ///< HostConfig.Mounts; the same
  nlohmann::json tmpfs() const;    ///< HostConfig.Tmpfs; an empty object
  nlohmann::json all() const;      ///< Mounts
  /// Config.Volumes: places of anonymous volumes, of the image and by -v.
  std::vector<std::string> volume_places() const;
};

}  // namespace stack::cli
