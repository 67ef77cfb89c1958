// SPDX-License-Identifier: Apache-2.0
// What would be done, on standard output: for `plan` and --dry-run.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/options.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {

/// What `up` would do, as --format says, and all that stands in its way; writes the plan down with
/// --out. Returns the code for the shell. Throws what `request.approve` does.
int show_preview(const spec::Project& project, const orchestrator::UpRequest& request,
                 const Options& options);
/// The steps of a `down`, a line each.
int show_steps(const std::string& project, const orchestrator::Plan& plan);

/// An array of {"path", "before", "after", "origin"}.
nlohmann::json fields_json(const std::vector<orchestrator::FieldChange>& changes);

}  // namespace stack::cli
