// SPDX-License-Identifier: Apache-2.0
// The variables that the files use (`config --variables`).
#pragma once

#include <map>
#include <string>

#include "spec/model.h"

namespace stack::spec {

struct VariableUse {
  bool required = false;      ///< ${NAME:?} somewhere
  std::string default_value;  ///< of the last ${NAME:-default}
  std::string alternate;      ///< of the first ${NAME:+alternate}
  bool operator==(const VariableUse&) const = default;
};

/// Name -> how it is used. `project` must have been loaded without Stages::interpolate.
std::map<std::string, VariableUse> variables_of(const Project& project);

}  // namespace stack::spec
