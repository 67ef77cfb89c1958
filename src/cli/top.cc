// SPDX-License-Identifier: Apache-2.0
// `stack top`: the processes of the containers.
#include <time.h>

#include <algorithm>
#include <iostream>

#include "base/files.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/process_view.h"
#include "cli/project.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

std::chrono::milliseconds uptime() {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return std::chrono::seconds(since_boot.tv_sec) +
         std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::nanoseconds(since_boot.tv_nsec));
}

void add_rows(const supervisor::ObservedContainer& container, const ProcessSurroundings& around,
              std::vector<Row>& rows) {
  for (const auto& process : runtime::processes_of(container.config.spec.cgroup)) {
    const auto& config = container.config;
    Row row{config.service, config.step.empty() ? fmt::format("{}", config.number) : config.step};
    for (std::string& cell : process_row(process, around)) row.push_back(std::move(cell));
    rows.push_back(std::move(row));
  }
}

}  // namespace

int run_top(const Options& options) {
  const std::string project = project_name(options);
  check_services(project, options);
  const auto services = services_of(options);
  const ProcessSurroundings around{std::chrono::system_clock::now(), uptime(),
                                   read_file_if_exists("/etc/passwd").value_or("")};
  std::vector<Row> rows;
  for (const auto& container :
       supervisor::read_containers(HostPaths::from_environment(), project)) {
    const bool wanted = options.container.empty()
                            ? services.empty() || services.contains(container.config.service)
                            : container.config.id == options.container;
    if (wanted && is_up(container.status.phase)) add_rows(container, around, rows);
  }
  if (rows.empty()) return 0;
  std::cout << process_table(
      {"SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}, rows);
  return 0;
}

}  // namespace stack::cli
