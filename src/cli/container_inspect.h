// SPDX-License-Identifier: Apache-2.0
// All that is known of a container, under docker's names. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "supervisor/status.h"

namespace stack::cli {

nlohmann::json inspect_json(const supervisor::ObservedContainer& container,
                            const std::string& project);

}  // namespace stack::cli
