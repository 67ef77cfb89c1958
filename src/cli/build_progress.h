// SPDX-License-Identifier: Apache-2.0
// How a build goes, on standard error: all that its steps print (plain), or a line for each step
// and what a failed one printed (tty), or only the latter (quiet).
#pragma once

#include <memory>

#include "build/build_request.h"
#include "cli/options.h"

namespace stack::cli {

/// By --progress and -q; without them by what standard error is.
std::unique_ptr<build::BuildReport> make_build_progress(const Options& options);

}  // namespace stack::cli
