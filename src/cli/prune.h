// SPDX-License-Identifier: Apache-2.0
// What the prune commands have in common: how much room they make is told once.
#pragma once

#include <cstdint>

#include "cli/options.h"

namespace stack::cli {

struct Pruned {
  int code = 0;  ///< for the shell
  std::uint64_t bytes = 0;
};

/// Those that nothing uses and that pass --filter: named on standard output, without a question.
Pruned prune_volumes(const Options& options);
Pruned prune_images(const Options& options);

/// "Total reclaimed space: 12MB": docker's last line.
void tell_reclaimed(std::uint64_t bytes);

}  // namespace stack::cli
