// SPDX-License-Identifier: Apache-2.0
// `stack diff` without a service: the stack file against what was made of it, or two changes of the
// history against each other.
#pragma once

#include "cli/options.h"

namespace stack::cli {

/// On standard output, a line for each field that differs. Arguments: none, "@N", or "@N" and "@M".
int show_model_diff(const Options& options);

}  // namespace stack::cli
