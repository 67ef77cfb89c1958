// SPDX-License-Identifier: Apache-2.0
// `stack stats`: what the containers use, once or again and again.
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "cli/change.h"
#include "cli/command.h"
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

class UsageTable {
 public:
  UsageTable(std::string project, const Options& options)
      : project_(std::move(project)),
        options_(options),
        services_(services_of(options)),
        machine_(runtime::machine_memory()) {}

  /// The rows as they are now; the first reading of a container has no share of CPU time yet.
  std::string refresh() {
    std::map<std::string, UsageReading> readings;
    std::vector<Fields> rows;
    for (const auto& container :
         supervisor::read_containers(HostPaths::from_environment(), project_)) {
      if (!is_shown(container)) continue;
      const std::string& id = container.config.id;
      const UsageReading now = take_reading(container);
      const auto before = readings_.find(id);
      rows.push_back(
          usage_fields({options_.no_trunc ? id : id.substr(0, 12), container.config.name},
                       before == readings_.end() ? now : before->second, now, machine_));
      readings[id] = now;
    }
    readings_ = std::move(readings);
    return format_rows(options_.format, usage_headings(), usage_columns(), rows);
  }

 private:
  bool is_shown(const ObservedContainer& container) const {
    if (!options_.container.empty()) return container.config.id == options_.container;
    if (!services_.empty() && !services_.contains(container.config.service)) return false;
    return options_.all || is_up(container.status.phase);
  }

  std::string project_;
  const Options& options_;
  std::set<std::string> services_;
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

}  // namespace

int run_stats(const Options& options) {
  const std::string project = project_name(options);
  check_services(project, options);
  count_interrupts();
  UsageTable usage(project, options);
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

}  // namespace stack::cli
