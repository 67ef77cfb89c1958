// SPDX-License-Identifier: Apache-2.0
// A volume under docker's names. Pure.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "volumes/volume_store.h"

namespace stack::cli {

/// Its labels as docker has them: a volume of no stack has none of compose's, and one without a
/// name of its own none of its project.
std::map<std::string, std::string> told_labels(const volumes::VolumeInfo& volume);

/// One object of `volume inspect`; `users`: containers by the name of a volume.
nlohmann::ordered_json volume_json(const volumes::VolumeInfo& volume,
                                   const std::map<std::string, std::vector<std::string>>& users);

}  // namespace stack::cli
