// SPDX-License-Identifier: Apache-2.0
// Labels on the command line and in lists: KEY=VALUE.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace stack::cli {

using Labels = std::map<std::string, std::string>;

/// "KEY=VALUE" of each; without "=" the value is empty.
Labels pairs(const std::vector<std::string>& texts);
/// "a=1,b=2"
std::string labels_text(const Labels& labels);
/// `wanted`: KEY, or KEY=VALUE.
bool has_label(const Labels& labels, const std::string& wanted);

}  // namespace stack::cli
