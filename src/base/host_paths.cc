// SPDX-License-Identifier: Apache-2.0
#include "base/host_paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"

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

void require_own_directory(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return;
    throw_errno("stat {}", path.native());
  }
  if (info.st_uid != ::geteuid())
    throw Error(fmt::format("{} belongs to user {}", path.native(), info.st_uid))
        .with_hint("stack's own directories must be of the user that runs it");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw Error(fmt::format("others may write to {}", path.native()))
        .with_hint(fmt::format("chmod go-w {}", path.native()));
}

}  // namespace

void HostPaths::require_own() const {
  require_own_directory(data);
  require_own_directory(run);
}

bool HostPaths::are_usual() const {
  return data == default_data() && run == default_run();
}

HostPaths HostPaths::from_environment() {
  const std::string root = environment("STACK_ROOT");
  const std::string run = environment("STACK_RUN");
  return {root.empty() ? default_data() : std::filesystem::path(root),
          run.empty() ? default_run() : std::filesystem::path(run)};
}

}  // namespace stack
