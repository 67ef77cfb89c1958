// SPDX-License-Identifier: Apache-2.0
// `container logs --details`: what the logging options say of each line. Pure.
#pragma once

#include <string>

#include "supervisor/status.h"

namespace stack::cli {

/// "env=dev,team=a%2Fb": labels and variables that `labels`, `env`, their patterns and `tag` among
/// the container's logging options choose, sorted, escaped as in a URL's query. Often empty.
std::string log_details(const supervisor::ObservedContainer& container);

}  // namespace stack::cli
