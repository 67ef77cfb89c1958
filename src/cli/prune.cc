// SPDX-License-Identifier: Apache-2.0
#include "cli/prune.h"

#include <iostream>

#include "base/text.h"

namespace stack::cli {

void tell_reclaimed(std::uint64_t bytes) {
  std::cout << "Total reclaimed space: " << human_size(bytes) << '\n';
}

}  // namespace stack::cli
