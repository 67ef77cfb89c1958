// SPDX-License-Identifier: Apache-2.0
// docker's flags of `container run` as a compose file of one service, which is then read and
// checked as every other. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/options.h"

namespace stack::cli {

/// Throws Error (usage) for what has no word in a compose file.
nlohmann::json container_document(const Options& options, const std::string& name);

/// The fields of a line of comma-separated values, as docker reads --mount: one in double quotes
/// may have commas. Throws Error (usage) for a quote that is not closed.
std::vector<std::string> mount_fields(const std::string& text);

}  // namespace stack::cli
