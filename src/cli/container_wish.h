// SPDX-License-Identifier: Apache-2.0
// docker's flags of `container run` as a compose file of one service, which is then read and
// checked as every other. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/options.h"

namespace stack::cli {

/// Throws Error (usage) for what has no word in a compose file.
nlohmann::json container_document(const Options& options, const std::string& name);

}  // namespace stack::cli
