// SPDX-License-Identifier: Apache-2.0
// boot: what restart policies want after the machine has started, in all stacks. enable, disable:
// a systemd unit that does it.
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/host_paths.h"
#include "base/text.h"
#include "cli/boot_unit.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/past.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "orchestrator/history.h"
#include "orchestrator/use_cases.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;
using namespace orchestrator;

constexpr std::string_view unit_directory = "/etc/systemd/system";

/// The stack as its last change left it: its file may be another one by now, or gone. What is wrong
/// with others than `services` was in nobody's way then.
spec::Project last_project(const Options& options, const HostPaths& paths, const std::string& name,
                           const std::set<std::string>& services) {
  const History history(paths, name);
  const auto entries = history.list();
  if (entries.empty())
    throw Error("what it was made from is not known any more")
        .with_hint("`stack up` in its folder starts it");
  Options past = options_of_past(options, name, history, entries.back());
  past.arguments.assign(services.begin(), services.end());
  return load_project(past);
}

void boot_one(const Options& options, const HostPaths& paths, const std::string& name) {
  const auto project = during("stack " + name, [&]() -> std::optional<spec::Project> {
    const std::set<std::string> services = services_to_boot(paths, name);
    if (services.empty()) return std::nullopt;
    std::cerr << fmt::format("Stack {}: {}\n", printable(name), fmt::join(services, ", "));
    return last_project(options, paths, name, services);
  });
  if (!project) return;
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  if (conclude(boot(*project, host)) != 0) throw Error("");
}

/// Where the unit goes: systemd's folder, on a machine that runs it.
fs::path place_of_unit(const Options& options) {
  if (!options.unit_directory.empty()) return options.unit_directory;
  if (!stack::exists("/run/systemd/system"))
    throw Error("this machine was not started by systemd")
        .with_hint(
            "have `stack boot` run once at its start, by /etc/rc.local or \"@reboot\" in a "
            "crontab, say; --unit-directory DIR writes the unit all the same");
  return fs::path(unit_directory);
}

/// systemd reads its folders anew; nothing to do for a folder that is not its own.
void tell_systemd(const fs::path& place) {
  if (place == unit_directory) reload_systemd();
}

}  // namespace

int run_boot(const Options& options) {
  const HostPaths paths = HostPaths::from_environment();
  count_interrupts();
  return each_of(supervisor::list_projects(paths),
                 [&](const std::string& name) { boot_one(options, paths, name); });
}

int run_enable(const Options& options) {
  const fs::path place = place_of_unit(options);
  install_boot_unit(place, fs::read_symlink("/proc/self/exe"), environment_of_roots());
  tell_systemd(place);
  std::cout << (place / boot_unit_name).native() << '\n';
  return 0;
}

int run_disable(const Options& options) {
  const fs::path place = place_of_unit(options);
  if (!remove_boot_unit(place))
    throw Error(fmt::format("there is no {}", (place / boot_unit_name).native()))
        .with_hint("`stack enable` makes it");
  tell_systemd(place);
  return 0;
}

}  // namespace stack::cli
