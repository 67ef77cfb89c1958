// SPDX-License-Identifier: Apache-2.0
// Warnings about stacks that are valid: keys without effect, and, for `stack lint` only, habits
// that cost people an evening sooner or later.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Keys that another key of the same service makes meaningless. `root` is merged and normalised.
void warn_of_ineffective_keys(const Node& root, Reporter& reporter);

/// Profiles asked for that no service has (`known`: those that are named).
void warn_of_unknown_profiles(const std::vector<std::string>& asked,
                              const std::set<std::string>& known, Reporter& reporter);

/// Doubtful habits. `root` still has the services of inactive profiles and what nobody uses.
/// `default_bind`: where ports without an address are published; empty: everywhere.
void lint(const Node& root, std::string_view default_bind, Reporter& reporter);

}  // namespace stack::spec
