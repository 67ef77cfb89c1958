// SPDX-License-Identifier: Apache-2.0
// The one container of a service that exec and attach are about.
#pragma once

#include <string>

#include "cli/options.h"
#include "supervisor/status.h"

namespace stack::cli {

/// Of the service named first on the command line: number --index, or the first that runs.
/// Throws Error when there is none, or it does not run.
supervisor::ObservedContainer chosen_container(const std::string& project, const Options& options);
/// The same; throws Error when it is paused.
supervisor::ObservedContainer running_container(const std::string& project, const Options& options);

}  // namespace stack::cli
