// SPDX-License-Identifier: Apache-2.0
#include "base/fail_point.h"

#include <iostream>

#include "cli/command.h"

namespace stack::cli {

/// In the order of their numbers: what the kill matrix works through.
int run_fail_points(const Options& /*options*/) {
  for (const auto& name : fail_point_names) std::cout << name << '\n';
  return 0;
}

}  // namespace stack::cli
