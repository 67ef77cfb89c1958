// SPDX-License-Identifier: Apache-2.0
// `stack top`: the processes of the containers.
#include <iostream>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/process_view.h"
#include "cli/project.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

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
  const std::string project = project_to_show(options);
  check_services(project, options);
  const auto services = services_of(options);
  const ProcessSurroundings around = process_surroundings();
  std::vector<Row> rows;
  for (const auto& container :
       supervisor::read_containers(HostPaths::from_environment(), project)) {
    const bool wanted = services.empty() || services.contains(container.config.service);
    if (wanted && is_up(container.status.phase)) add_rows(container, around, rows);
  }
  if (rows.empty()) return 0;
  std::cout << process_table(
      {"SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}, rows);
  return 0;
}

}  // namespace stack::cli
