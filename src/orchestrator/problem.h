// SPDX-License-Identifier: Apache-2.0
// What would go wrong, known before the first change.
#pragma once

#include <optional>
#include <string>

#include "spec/source_map.h"

namespace stack::orchestrator {

struct Problem {
  std::string message;
  std::optional<spec::Origin> origin;
  std::string hint;
};
/// "stack.yaml:9:9: error: port 8080 on 0.0.0.0 is taken by nginx (pid 812)", hint on its own line.
std::string to_text(const Problem& problem);

/// The same with "warning".
std::string warning_text(const Problem& problem);

}  // namespace stack::orchestrator
