// SPDX-License-Identifier: Apache-2.0
// `stack stats`: what the containers use, once or again and again.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/found_container.h"
#include "cli/live_area.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "cli/style.h"
#include "cli/usage_view.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

/// Between two readings, ms: long enough for a share of CPU time that means something.
constexpr int pause_between_readings = 1000;

std::string read_net_dev(pid_t process) {
  try {
    return read_file(fmt::format("/proc/{}/net/dev", process));
  } catch (const Error&) {
    return "";  // it has ended
  }
}

UsageReading take_reading(const ObservedContainer& container) {
  UsageReading reading;
  reading.time = std::chrono::steady_clock::now();
  if (container.status.process.pid == 0) return reading;
  reading.resources = runtime::read_usage(container.config.spec.cgroup);
  // Of the host's own network every container would be told the same, and it is not theirs.
  if (container.config.spec.namespaces.network.kind == runtime::NamespaceKind::own)
    reading.network = runtime::parse_network_usage(read_net_dev(container.status.process.pid));
  return reading;
}

struct Subject {
  ObservedContainer container;
  std::string typed = {};  ///< the name on the command line, if there was one
};

class UsageTable {
 public:
  using Look = std::function<std::vector<Subject>()>;

  UsageTable(Look look, const Options& options)
      : look_(std::move(look)), options_(options), machine_(runtime::machine_memory()) {}

  /// The rows as they are now; the first reading of a container has no share of CPU time yet.
  std::string refresh() {
    std::map<std::string, UsageReading> readings;
    std::vector<Fields> rows;
    for (const auto& [container, typed] : look_()) {
      const std::string& id = container.config.id;
      const UsageReading now = take_reading(container);
      const auto before = readings_.find(id);
      rows.push_back(
          usage_fields({options_.no_trunc ? id : short_id(id), container.config.name, typed},
                       before == readings_.end() ? now : before->second, now, machine_));
      readings[id] = now;
    }
    readings_ = std::move(readings);
    return format_rows(options_.format, usage_headings(), usage_columns(), rows);
  }

 private:
  Look look_;
  const Options& options_;
  std::uint64_t machine_;
  std::map<std::string, UsageReading> readings_;  ///< by container id
};

/// False after Ctrl-C.
bool pause() {
  ::poll(nullptr, 0, pause_between_readings);
  return interrupts() == 0 && !hung_up();
}

/// In place on a terminal: what stands above stays, and what does not fit is left out.
class StatsScreen {
 public:
  void show(const std::string& text) {
    const ScreenSize screen = screen_size(STDOUT_FILENO);
    std::cout << area_.redraw(fitting_lines(text, screen), screen) << std::flush;
  }

 private:
  LiveArea area_;
};

int show(UsageTable::Look look, const Options& options) {
  count_interrupts();
  UsageTable usage(std::move(look), options);
  usage.refresh();  // throws when the format is wrong, and begins to count
  const bool live = !options.no_stream && is_terminal(STDOUT_FILENO) && !is_dumb_terminal();
  StatsScreen screen;
  do {
    if (!pause()) break;
    const std::string text = usage.refresh();
    if (live) {
      screen.show(text);
    } else {
      std::cout << text << std::flush;
    }
  } while (!options.no_stream && std::cout.good());
  return interrupts() > 0 ? static_cast<int>(ExitCode::interrupted) : 0;
}

std::vector<Subject> running_or_all(const Options& options) {
  std::vector<Subject> shown;
  for (FoundContainer& found : all_containers())
    if (options.all || is_up(found.container.status.phase))
      shown.push_back({std::move(found.container)});
  return shown;
}

/// A name that was typed, once, and whose it is.
struct Wanted {
  std::string typed;
  std::string id;
};

std::vector<Wanted> wanted_of(const std::vector<std::string>& names) {
  std::vector<Wanted> wanted;
  for (const auto& name : names) {
    if (std::ranges::find(wanted, name, &Wanted::typed) != wanted.end()) continue;
    wanted.push_back({name, find_container(name).container.config.id});
  }
  return wanted;
}

/// Those that were named, in that order, whatever they do.
std::vector<Subject> those_named(const std::vector<Wanted>& wanted) {
  const auto containers = all_containers();
  std::vector<Subject> shown;
  for (const auto& [typed, id] : wanted)
    for (const FoundContainer& found : containers)
      if (found.container.config.id == id) shown.push_back({found.container, typed});
  return shown;
}

}  // namespace

int run_stats(const Options& options) {
  const std::string project = project_to_show(options);
  check_services(project, options);
  const auto services = services_of(options);
  return show(
      [&] {
        std::vector<Subject> shown;
        for (auto& each : supervisor::read_containers(HostPaths::from_environment(), project)) {
          if (!services.empty() && !services.contains(each.config.service)) continue;
          if (options.all || is_up(each.status.phase)) shown.push_back({std::move(each)});
        }
        return shown;
      },
      options);
}

int run_container_stats(const Options& options) {
  const auto wanted = wanted_of(options.arguments);
  return show([&] { return wanted.empty() ? running_or_all(options) : those_named(wanted); },
              options);
}

}  // namespace stack::cli
