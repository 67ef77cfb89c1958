// SPDX-License-Identifier: Apache-2.0
// What the environment says about how the command line behaves: COMPOSE_* as docker compose knows
// them, each with a twin STACK_* that wins. What they say of files and projects is in spec/.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace stack::cli {

/// STACK_NAME, else COMPOSE_NAME; empty when neither is set.
std::string setting(std::string_view name);
/// "1", "true", "yes", "on", "y", "t", in any case.
bool is_on(const std::string& value);

/// Fills in what no flag has said. Throws Error (usage) for values that are none, of flags too.
void apply_settings(Options& options);

}  // namespace stack::cli
