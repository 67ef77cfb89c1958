// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/host_sources.h"

#include <algorithm>

#include "base/inquiry.h"

namespace stack::orchestrator {
namespace {

namespace fs = std::filesystem;

/// Where the links of what exists of it lead.
fs::path real_path(const fs::path& path) {
  void_inquiry();
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  return real.empty() ? path.lexically_normal() : real;
}

bool is_within(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first ==
         directory.end();
}

}  // namespace

std::optional<std::string> why_not_mounted(const std::string& source, spec::Access access,
                                           const HostPaths& paths) {
  const fs::path path = real_path(source);
  const fs::path data = real_path(paths.data);
  const fs::path run = real_path(paths.run);
  const bool reads = access == spec::Access::read_only;
  if (is_within(path, run)) return "whoever reaches its sockets commands all stacks";
  if (is_within(path, data) && !(reads && is_within(path, real_path(paths.volumes()))))
    return "it is stack's own state";
  if (reads) return std::nullopt;
  if (path == "/") return "it is the whole machine";
  if (path == "/sys" || is_within(path, "/proc")) return "its files are the machine's settings";
  if (is_within(data, path) || is_within(run, path)) return "stack's own state lies in it";
  return std::nullopt;
}

}  // namespace stack::orchestrator
