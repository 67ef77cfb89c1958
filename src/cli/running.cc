// SPDX-License-Identifier: Apache-2.0
// kill, restart, pause, unpause: what is done to containers that are there.
#include <signal.h>

#include <iostream>

#include "base/error.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "orchestrator/use_cases.h"
#include "runtime/signals.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

int wanted_signal(const Options& options) {
  if (options.signal.empty()) return SIGKILL;
  const auto number = runtime::signal_number(options.signal);
  if (!number) {
    throw Error(fmt::format("there is no signal \"{}\"", options.signal))
        .with_hint("names as SIGHUP or USR1, SIGRTMIN+3, or a number from 1 to 64")
        .with_exit_code(ExitCode::usage);
  }
  return *number;
}

/// Runs one use case with progress on the screen; the code for the shell.
template <typename UseCase>
int carry_out(const Options& options, UseCase use_case) {
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  return conclude(use_case(host));
}

/// Services that the file has; without one, every container is ours.
std::set<std::string> services_in_file(const NamedProject& named) {
  std::set<std::string> services;
  if (!named.project) return services;
  for (const auto& [name, service] : named.project->services) services.insert(name);
  return services;
}

KillRequest kill_request(const Options& options, const NamedProject& named) {
  KillRequest request{services_of(options), wanted_signal(options)};
  if (request.services.empty() && !options.remove_orphans)
    request.services = services_in_file(named);
  return request;
}

}  // namespace

int run_kill(const Options& options) {
  const NamedProject named = load_project_to_change(options);
  check_in_file(without_container(named.name, options), named);
  const KillRequest request = kill_request(options, named);
  return carry_out(options, [&](Host& host) {
    Execution execution = kill(named.name, request, host);
    if (execution.results.empty() && !options.dry_run) std::cerr << "No container to kill\n";
    return execution;
  });
}

int run_pause(const Options& options) {
  const std::string name = project_to_change(options);
  check_services(name, options);
  return carry_out(options, [&](Host& host) { return pause(name, services_of(options), host); });
}

int run_unpause(const Options& options) {
  const std::string name = project_to_change(options);
  check_services(name, options);
  return carry_out(options, [&](Host& host) { return unpause(name, services_of(options), host); });
}

int run_restart(const Options& options) {
  const NamedProject named = load_project_to_change(options);
  check_in_file(without_container(named.name, options), named);
  RestartRequest request{services_of(options), grace_of(options), {}};
  if (named.project && !options.no_deps) request.links = restart_links(*named.project);
  return carry_out(options, [&](Host& host) { return restart(named.name, request, host); });
}

}  // namespace stack::cli
