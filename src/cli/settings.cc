// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/host_paths.h"
#include "base/ids.h"
#include "base/text.h"

namespace stack::cli {
namespace {

std::string variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

void fill(std::string& value, std::string_view name) {
  if (value.empty()) value = setting(name);
}

void check(const char* flag, const std::string& value, std::span<const std::string_view> known) {
  if (value.empty() || std::ranges::find(known, value) != known.end()) return;
  throw Error(fmt::format("{} {} is not known: {}", flag, printable(value),
                          fmt::join(known.begin(), known.end(), ", ")))
      .with_exit_code(ExitCode::usage);
}

}  // namespace

std::string setting(std::string_view name) {
  const std::string ours = variable(fmt::format("STACK_{}", name));
  return ours.empty() ? variable(fmt::format("COMPOSE_{}", name)) : ours;
}

bool is_on(const std::string& value) {
  constexpr std::array yes{"1", "true", "yes", "on", "y", "t"};
  return std::ranges::find(yes, to_lower(value)) != yes.end();
}

namespace {

/// Two roots have two places for what is needed while it runs, too, unless it is said.
void move_root(const std::string& root) {
  constexpr std::size_t digits = 8;
  const std::string absolute = std::filesystem::absolute(root).lexically_normal();
  if (variable("STACK_RUN").empty()) {
    const std::string run = HostPaths::from_environment().run;
    ::setenv("STACK_RUN", fmt::format("{}-{}", run, stable_hex(absolute, digits)).c_str(), 1);
  }
  ::setenv("STACK_ROOT", absolute.c_str(), 1);
}

}  // namespace

void apply_settings(Options& options) {
  if (!options.root.empty()) move_root(options.root);
  constexpr std::array<std::string_view, 5> kinds{"auto", "tty", "plain", "json", "quiet"};
  constexpr std::array<std::string_view, 3> moments{"auto", "always", "never"};
  if (options.no_ansi) options.ansi = "never";
  fill(options.ansi, "ANSI");
  fill(options.progress, "PROGRESS");
  fill(options.parallel, "PARALLEL_LIMIT");
  check("--ansi", options.ansi, moments);
  check("--progress", options.progress, kinds);
  options.progress_on_stdout = is_on(setting("STATUS_STDOUT"));
  options.compatibility = options.compatibility || is_on(setting("COMPATIBILITY"));
  options.remove_orphans = options.remove_orphans || is_on(setting("REMOVE_ORPHANS"));
  options.isolated = options.isolated || is_on(variable("STACK_ISOLATED"));
}

}  // namespace stack::cli
