// SPDX-License-Identifier: Apache-2.0
#include "cli/memory_death.h"

#include <algorithm>

#include "base/format.h"
#include "cli/usage_view.h"

namespace stack::cli {

bool died_of_memory(const supervisor::ObservedContainer& container) {
  using supervisor::Phase;
  const auto& status = container.status;
  const bool is_at_its_end = status.phase == Phase::exited || status.phase == Phase::restarting;
  return is_at_its_end && status.oom_killed && status.exit_code == killed_by_kernel;
}

std::string memory_death_text(const HostPaths& paths, const std::string& project,
                              const std::string& container) {
  const auto containers = supervisor::read_containers(paths, project);
  const auto found = std::ranges::find_if(
      containers, [&](const auto& each) { return each.config.name == container; });
  const auto limit =
      found == containers.end() ? std::nullopt : found->config.spec.resources.memory_limit;
  if (!limit) return "killed for want of memory";
  return fmt::format("killed for want of memory: its limit is {} (mem_limit)", binary_size(*limit));
}

}  // namespace stack::cli
