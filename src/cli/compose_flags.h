// SPDX-License-Identifier: Apache-2.0
// What docker compose v5 has on its command line, to compare ours with.
#pragma once

#include <string_view>
#include <vector>

namespace stack::cli {

struct ComposeCommand {
  std::string_view name;
  std::string_view flags;  ///< long names with a space between
  /// Of one that we have not: why, or what to use instead.
  std::string_view instead = {};
};

std::string_view compose_global_flags();
const std::vector<ComposeCommand>& compose_commands();

}  // namespace stack::cli
