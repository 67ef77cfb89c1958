// SPDX-License-Identifier: Apache-2.0
// A plan written down (`plan --out FILE`), to be made true later and only if it is still what file
// and world lead to (`up --plan FILE`).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/use_cases.h"

namespace stack::orchestrator {

struct PlanFile {
  std::string project;
  UpRequest request;
  std::string plan;                           ///< to_text(Plan)
  std::map<std::string, std::string> wishes;  ///< digest of each description, by container
  std::map<std::string, std::vector<std::string>> changes;  ///< to_text(FieldChange), by object
  /// How the project was read that it was made for: --scale and --profile.
  std::vector<std::string> scales = {};
  std::vector<std::string> profiles = {};
};

PlanFile plan_file(const std::string& project, const UpRequest& request, const UpResult& result);
/// Throws Error.
void write_plan_file(const std::filesystem::path& path, const PlanFile& plan);
/// Throws Error when it is not there, or no plan.
PlanFile read_plan_file(const std::filesystem::path& path);
/// What is different now, as one sentence; empty when nothing is.
std::string first_difference(const PlanFile& then, const PlanFile& now);

}  // namespace stack::orchestrator
