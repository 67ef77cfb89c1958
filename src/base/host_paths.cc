// SPDX-License-Identifier: Apache-2.0
#include "base/host_paths.h"

#include <unistd.h>

#include <cstdlib>

#include "base/format.h"

namespace stack {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::filesystem::path default_data() {
  if (::geteuid() == 0) return "/var/lib/stack";
  const std::string xdg = environment("XDG_DATA_HOME");
  return std::filesystem::path(xdg.empty() ? environment("HOME") + "/.local/share" : xdg) / "stack";
}

std::filesystem::path default_run() {
  if (::geteuid() == 0) return "/run/stack";
  const std::string xdg = environment("XDG_RUNTIME_DIR");
  return std::filesystem::path(xdg.empty() ? fmt::format("/run/user/{}", ::geteuid()) : xdg) /
         "stack";
}

}  // namespace

HostPaths HostPaths::from_environment() {
  const std::string root = environment("STACK_ROOT");
  const std::string run = environment("STACK_RUN");
  return {root.empty() ? default_data() : std::filesystem::path(root),
          run.empty() ? default_run() : std::filesystem::path(run)};
}

}  // namespace stack
